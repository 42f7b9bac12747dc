'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { askHttp, askTcp } = require('./probe');

/** They count when the namespace is made, with the database file; the worker adds what is missing on another server. */
const searchAttributes = ['SyncPipeline=Keyword', 'SyncStore=Keyword', 'SyncStatus=Keyword', 'SyncGeneration=Int'];

/** @type {import('./launch').Launcher} */
const temporal = {
  ports: { main: 7233, ui: 8233 },
  stopSignal: 'SIGTERM',

  async prepare({ home }) {
    fs.mkdirSync(home, { recursive: true });
  },

  plan({ home, supply, ports, options }) {
    /** @type {Record<string, string | number | boolean>} */
    const settings = {
      // The dev server's own limit is below what a test run asks of one namespace.
      'frontend.namespaceRPS': 100_000,
      // Else a new search attribute is unknown for some ten seconds.
      'system.forceSearchAttributesCacheRefreshOnRead': true,
      ...options.temporalSettings,
    };
    return {
      command: String(supply.path),
      args: [
        'server',
        'start-dev',
        ...['--ip', '127.0.0.1', '--port', String(ports.main), '--ui-port', String(ports['ui'])],
        ...['--db-filename', path.join(home, 'temporal.db')],
        // A process that is killed loses nothing by this; a machine that loses power may, and then Temporal's state is
        // rebuilt from the stores' own records.
        ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=OFF'],
        ...Object.entries(settings).flatMap(([name, value]) => [
          '--dynamic-config-value',
          `${name}=${JSON.stringify(value)}`,
        ]),
        ...searchAttributes.flatMap((one) => ['--search-attribute', one]),
        ...['--log-level', 'warn'],
      ],
      cwd: home,
      // The CLI reads a configuration file in the home folder; ours must not be mixed with it.
      env: { HOME: home },
      account: undefined,
      address: `127.0.0.1:${ports.main}`,
    };
  },

  // The web UI's own API asks the server: that answers once both are up and the namespace is there.
  ready: async ({ ports }) =>
    (await askTcp('127.0.0.1', ports.main)) ??
    (await askHttp(`http://127.0.0.1:${ports['ui']}/api/v1/namespaces/default`)),
};

module.exports = temporal;
