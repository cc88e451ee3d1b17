-- Drives the debug adapter as nvim-dap does: a breakpoint, tasks beside threads, a step of a line, steps of handles, to the end.
-- Told by the environment: NODE, ADAPTER, WAY (stdio or port), PYTHON, APP, LINE (0: without a debugger, from the first tick on).
-- Prints what it has seen as one line of JSON.
local dap = require('dap')
local env = vim.env
local debugs = env.LINE ~= '0'

if env.WAY == 'stdio' then
  dap.adapters.loopscope = { type = 'executable', command = env.NODE, args = { env.ADAPTER } }
else
  dap.adapters.loopscope = {
    type = 'server',
    port = '${port}',
    executable = { command = env.NODE, args = { env.ADAPTER, '--port', '${port}' } },
  }
end

local seen = { stops = {}, output = '', problems = {} }
vim.notify = function(text)
  table.insert(seen.problems, text)
end
dap.listeners.after.event_stopped.drive = function(_, body)
  table.insert(seen.stops, body.reason)
end
dap.listeners.after.event_output.drive = function(_, body)
  if body.category == 'stdout' then
    seen.output = seen.output .. body.output
  end
end
dap.listeners.after.event_terminated.drive = function()
  seen.terminated = true
end

local function finish(failure)
  seen.failure = failure
  io.stdout:write('SEEN ' .. vim.json.encode(seen) .. '\n')
  vim.cmd('qall!')
end

local function wait_for(what, condition)
  if not vim.wait(30000, condition, 10) then
    finish(what .. ' did not come')
  end
end

-- The next stop is known whole: nvim-dap has asked for its threads and its frames.
local function stop(count)
  wait_for('stop ' .. count, function()
    local session = dap.session()
    return #seen.stops >= count and session and session.stopped_thread_id and session.current_frame ~= nil
  end)
end

local function ask(command, arguments)
  local answer
  dap.session():request(command, arguments, function(err, body)
    answer = { err = err and vim.inspect(err), body = body }
  end)
  wait_for(command, function()
    return answer
  end)
  if answer.err then
    finish(command .. ': ' .. answer.err)
  end
  return answer.body
end

vim.cmd.edit(env.APP)
if debugs then
  vim.api.nvim_win_set_cursor(0, { tonumber(env.LINE), 0 })
  dap.set_breakpoint()
end
dap.run({
  type = 'loopscope',
  request = 'launch',
  name = 'App',
  program = env.APP,
  python = env.PYTHON,
  noDebug = not debugs,
  stopOnFirstTick = not debugs,
})

stop(1)
seen.line = dap.session().current_frame.line
if debugs then
  dap.step_over()
  stop(2)
  seen.next = dap.session().current_frame.line
  -- At a line the program goes on by itself to the goal.
  ask('loopscope/step', { loop = 1, goal = { kind = 'handle' } })
  stop(3)
end
-- With a debugger the loop stands before its sleep now: one step to the timer's handle, one that runs it.
dap.step_over()
stop(debugs and 4 or 2)
dap.step_over()
stop(debugs and 5 or 3)
seen.threads = vim.tbl_map(function(thread)
  return thread.name
end, ask('threads').threads)
seen.loops = ask('loopscope/loops', vim.empty_dict()).rows
dap.continue()
wait_for('the end', function()
  return seen.terminated
end)
finish()
