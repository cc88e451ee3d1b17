// Imported first by every script that a person starts: ends it with one sentence where Node is too old for the rest. Uses nothing that an
// old Node lacks.
const NEEDED = { major: 20, minor: 19 };

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED.major || (major === NEEDED.major && minor < NEEDED.minor)) {
  console.error(
    `loopscope: Node ${process.versions.node} is too old: install Node ${NEEDED.major}.${NEEDED.minor} or newer (https://nodejs.org) and run the command again.`,
  );
  process.exit(1);
}
