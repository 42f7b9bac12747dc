'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { runOnce } = require('./run-once');
const { makeFolderFor, serverAccount } = require('./account');
const { askPostgres } = require('./probe');

/** @type {import('./launch').Launcher} */
const postgres = {
  ports: { main: 15432 },
  // Fast shutdown: open connections are cut. SIGTERM would wait for them, and a replication stream never leaves by itself.
  stopSignal: 'SIGINT',

  async prepare({ home, supply, options, env }) {
    const account = serverAccount();
    makeFolderFor(home, account);
    const data = path.join(home, 'data');
    if (fs.existsSync(path.join(data, 'PG_VERSION'))) return;
    // Under another name until it is complete: initdb refuses a folder in which an earlier one was interrupted.
    const draft = path.join(home, 'data.partial');
    fs.rmSync(draft, { recursive: true, force: true });
    await runOnce({
      what: 'initdb',
      command: path.join(String(supply.path), 'bin', 'initdb'),
      args: [
        '-D',
        draft,
        '-U',
        'postgres',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--locale=C',
        '--no-instructions',
        ...(options.durable === false ? ['--no-sync'] : []),
      ],
      cwd: home,
      env,
      account,
      logFile: path.join(home, '..', 'logs', 'postgres-initdb.log'),
    });
    fs.renameSync(draft, data);
  },

  plan({ home, supply, ports, options }) {
    /** @type {Record<string, string>} */
    const settings = {
      port: String(ports.main),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      wal_level: 'logical',
      max_replication_slots: '40',
      max_wal_senders: '40',
      max_connections: '400',
      max_prepared_transactions: '20',
      track_commit_timestamp: 'on',
      timezone: 'UTC',
      log_timezone: 'UTC',
      fsync: options.durable === false ? 'off' : 'on',
      ...options.postgresSettings,
    };
    return {
      command: path.join(String(supply.path), 'bin', 'postgres'),
      args: [
        '-D',
        path.join(home, 'data'),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: home,
      env: {},
      account: serverAccount(),
      address: `postgres://postgres@127.0.0.1:${ports.main}/postgres`,
    };
  },

  /**
   * Its own check, "is there a process of that pid?", takes a zombie for a postmaster, and nothing reaps orphans in
   * many containers. We know better that it is dead; a pid that is not the one we ended stays untouched.
   */
  forget({ cwd, pid }) {
    const file = path.join(cwd, 'data', 'postmaster.pid');
    if (fs.existsSync(file) && Number.parseInt(fs.readFileSync(file, 'utf8'), 10) === pid) fs.rmSync(file);
  },

  ready: ({ ports }) => askPostgres('127.0.0.1', ports.main),
};

module.exports = postgres;
