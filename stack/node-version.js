'use strict';

// Old syntax on purpose, and the first file that start.js and test.js load: an old Node has to be able to read it, or
// its user sees a syntax error in place of this sentence.
var needed = require('../package.json')
  .engines.node.replace(/[^\d.]/g, '')
  .split('.')
  .map(Number);
var have = process.versions.node.split('.').map(Number);

var majors = Number(have[0]) - Number(needed[0]);

if (majors < 0 || (majors === 0 && Number(have[1]) < Number(needed[1] || 0))) {
  console.error(
    'Slipstream needs Node.js ' +
      needed.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      '. Install a newer one (nodejs.org, nvm install 24) and run the command again.',
  );
  process.exit(1);
}
