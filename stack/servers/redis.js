'use strict';

const fs = require('node:fs');
const { askRedis } = require('./probe');

/** @type {import('./launch').Launcher} */
const redis = {
  ports: { main: 6379 },
  stopSignal: 'SIGTERM',

  async prepare({ home }) {
    fs.mkdirSync(home, { recursive: true });
  },

  plan({ home, supply, ports, options }) {
    /** @type {Record<string, string>} */
    const settings = {
      port: String(ports.main),
      bind: '127.0.0.1',
      dir: home,
      // Every write is in the file before it is answered, so that a killed server has kept what it acknowledged; whether
      // it is also on the disk is the question of fsync.
      appendonly: 'yes',
      appendfsync: options.durable === false ? 'no' : 'always',
      save: '',
      // A store that forgets entries to make room is no store.
      'maxmemory-policy': 'noeviction',
      ...options.redisSettings,
    };
    return {
      command: String(supply.path),
      args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
      cwd: home,
      env: {},
      account: undefined,
      address: `redis://127.0.0.1:${ports.main}`,
    };
  },

  ready: ({ ports }) => askRedis('127.0.0.1', ports.main),
};

module.exports = redis;
