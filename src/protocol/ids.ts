/**
 * Names under which the extension is known to VS Code and to people: commands, views, settings, context keys, languages.
 * Tables only. test/unit/extension/manifest.test.ts compares them with package.json, both ways.
 */

export const EXTENSION_ID = 'loopscope.loopscope';
export const DEBUG_TYPE = 'loopscope';
export const LOG_LANGUAGE = 'loopscope-events';
export const LOG_CHANNEL = 'Loop Events';
export const VIEW_CONTAINER = 'loopscope';
export const WALKTHROUGH = 'loopscope.start';

export const Views = {
  loops: 'loopscope.loops',
  tasks: 'loopscope.tasks',
  ready: 'loopscope.ready',
  timers: 'loopscope.timers',
} as const;
export type ViewName = keyof typeof Views;

export const Commands = {
  runFile: 'loopscope.runFile',
  debugFile: 'loopscope.debugFile',
  runTests: 'loopscope.runTests',
  attachProcess: 'loopscope.attachProcess',
  pickProcess: 'loopscope.pickProcess',
  pauseViews: 'loopscope.pauseViews',
  resumeViews: 'loopscope.resumeViews',
  showAllSessions: 'loopscope.showAllSessions',
  showChosenSession: 'loopscope.showChosenSession',
  chooseTree: 'loopscope.tasks.chooseTree',
  chooseGroup: 'loopscope.tasks.chooseGroup',
  chooseSort: 'loopscope.tasks.chooseSort',
  filter: 'loopscope.tasks.filter',
  clearFilter: 'loopscope.tasks.clearFilter',
  pin: 'loopscope.tasks.pin',
  unpin: 'loopscope.tasks.unpin',
  goToCreation: 'loopscope.tasks.goToCreation',
  goToDefinition: 'loopscope.tasks.goToDefinition',
  revealAwaited: 'loopscope.tasks.revealAwaited',
  revealTask: 'loopscope.revealTask',
  copyName: 'loopscope.copyName',
  copyRow: 'loopscope.copyRow',
  copyStateMarkdown: 'loopscope.copyStateMarkdown',
  copyStateJson: 'loopscope.copyStateJson',
  recordEverything: 'loopscope.recordEverything',
  recordAdaptively: 'loopscope.recordAdaptively',
  showLog: 'loopscope.showLog',
  openWalkthrough: 'loopscope.openWalkthrough',
  restartOnAsyncioLoop: 'loopscope.restartOnAsyncioLoop',
  pauseLoop: 'loopscope.step.pause',
  continueLoop: 'loopscope.step.continue',
  stepHandle: 'loopscope.step.handle',
  stepTick: 'loopscope.step.tick',
  stepReadyChange: 'loopscope.step.readyChange',
  stepCreated: 'loopscope.step.created',
  stepEnded: 'loopscope.step.ended',
  stepCancelled: 'loopscope.step.cancelled',
  runToTask: 'loopscope.step.toTask',
  runToTaskEnd: 'loopscope.step.toTaskEnd',
  runToTimer: 'loopscope.step.toTimer',
  runToCallback: 'loopscope.step.toCallback',
  runFirst: 'loopscope.order.first',
  holdBack: 'loopscope.order.hold',
  release: 'loopscope.order.release',
  fireNow: 'loopscope.order.fire',
  cancelHandle: 'loopscope.order.cancel',
  cancelTask: 'loopscope.task.cancel',
  freezeTask: 'loopscope.task.freeze',
  thawTask: 'loopscope.task.thaw',
  lintFixAll: 'loopscope.lint.fixAll',
  lintOpenRule: 'loopscope.lint.openRule',
  lintRestart: 'loopscope.lint.restart',
} as const;

/** Commands that rows and links call; nobody looks for them in the palette, so package.json does not name them. */
export const InternalCommands = {
  openSite: 'loopscope.openSite',
  loadMore: 'loopscope.loadMore',
  /** Of the language server's lenses: `(uri, position, locations)`, as the language server protocol writes them. */
  lintShowPlaces: 'loopscope.lint.showPlaces',
} as const;

/** Keys below `loopscope.` in the settings, that the live view reads. */
export const Settings = {
  pythonPath: 'pythonPath',
  console: 'console',
  debugPython: 'debugPython',
  debuggerFrom: 'debuggerFrom',
  uvloop: 'uvloop',
  freezeClock: 'freezeClock',
  detail: 'detail',
  slowCallback: 'slowCallback',
  pageSize: 'views.pageSize',
  refreshInterval: 'views.refreshInterval',
  tasksTree: 'views.tasks.tree',
  tasksSort: 'views.tasks.sort',
  tasksGroup: 'views.tasks.group',
  statusBar: 'statusBar',
  focusOnStart: 'views.focusOnStart',
} as const;

/** Keys below `loopscope.lint.` in the settings, that the language server reads. */
export const LintSettings = {
  enable: 'enable',
  scope: 'scope',
  severity: 'severity',
  leaveToRuff: 'leaveToRuff',
  codeLens: 'codeLens',
} as const;

/** The kind of code action that applies every safe fix of a document. */
export const FIX_ALL_KIND = 'source.fixAll.loopscope';

/** The notification by which the extension tells the language server whether Ruff's extension is on; a boolean. */
export const RUFF_IS_ON = 'loopscope/ruffIsOn';

/** Keys for `when` clauses. */
export const ContextKeys = {
  /** `none`, `starting`, `live`, `ended`. */
  session: 'loopscope.session',
  /** Number of loops of the session that is shown. */
  loops: 'loopscope.loops',
  /** Set when the loop hides its ready queue and timers, as uvloop does. */
  queuesHidden: 'loopscope.queuesHidden',
  paused: 'loopscope.paused',
  allSessions: 'loopscope.allSessions',
  severalSessions: 'loopscope.severalSessions',
  filtered: 'loopscope.filtered',
  full: 'loopscope.full',
  /** A loop of the session that is shown is stopped before a handle. */
  stopped: 'loopscope.stopped',
  /** A session of ours runs whose scheduler can be stopped. */
  steppable: 'loopscope.steppable',
} as const;
