'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { randomBytes } = require('node:crypto');
const { runOnce } = require('./run-once');
const { askKafka } = require('./probe');

/** @param {Record<string, string>} settings */
const propertiesOf = (settings) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/**
 * @param {string} data
 * @param {import('./launch').Ports} ports
 * @returns {Record<string, string>}
 */
const settingsOf = (data, ports) => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${ports['controller']}`,
  listeners: `PLAINTEXT://127.0.0.1:${ports.main},CONTROLLER://127.0.0.1:${ports['controller']}`,
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'log.dirs': data,
  // One broker: with the usual three replicas, transactions and groups would wait for ever.
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  // The usual 50 partitions each are made at first use, which then takes seconds.
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  // A killed broker may register again only when the controller has given up its old self: at the usual 9 s a restart
  // takes 12 s. Shorter still, a starved machine would fence its only broker.
  'broker.session.timeout.ms': '5000',
  'broker.heartbeat.interval.ms': '1000',
  // A misspelt topic is an error and not a new topic.
  'auto.create.topics.enable': 'false',
});

/** @type {import('./launch').Launcher} */
const kafka = {
  ports: { main: 9092, controller: 9093 },
  stopSignal: 'SIGTERM',

  async prepare({ home, supply, options, env, ports }) {
    fs.mkdirSync(home, { recursive: true });
    const data = path.join(home, 'data');
    // Written anew at each start: the ports may be others. With a static quorum the voters come from here.
    fs.writeFileSync(
      path.join(home, 'server.properties'),
      propertiesOf({ ...settingsOf(data, ports), ...options.kafkaSettings }),
    );
    if (fs.existsSync(path.join(data, 'meta.properties'))) return;
    const draft = path.join(home, 'data.partial');
    fs.rmSync(draft, { recursive: true, force: true });
    const draftProperties = path.join(home, 'format.properties');
    fs.writeFileSync(draftProperties, propertiesOf(settingsOf(draft, ports)));
    await runOnce({
      what: 'Kafka, formatting its log folder',
      command: String(supply.java),
      args: [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        ...loggingArgs(),
        '-cp',
        path.join(String(supply.path), '*'),
        'kafka.tools.StorageTool',
        'format',
        '-t',
        newClusterId(),
        '-c',
        draftProperties,
      ],
      cwd: home,
      env,
      account: undefined,
      logFile: path.join(home, '..', 'logs', 'kafka-format.log'),
    });
    fs.renameSync(draft, data);
  },

  plan({ home, supply, ports, options }) {
    return {
      command: String(supply.java),
      args: [
        `-Xmx${options.kafkaHeap ?? '1g'}`,
        '-Xms256m',
        ...(options.quickStart ? ['-XX:TieredStopAtLevel=1'] : []),
        '-XX:+UseG1GC',
        '-XX:MaxGCPauseMillis=20',
        '-Djava.awt.headless=true',
        ...loggingArgs(),
        '-cp',
        path.join(String(supply.path), '*'),
        'kafka.Kafka',
        path.join(home, 'server.properties'),
      ],
      cwd: home,
      env: {},
      account: undefined,
      address: `127.0.0.1:${ports.main}`,
    };
  },

  ready: ({ ports }) => askKafka('127.0.0.1', ports.main),
};

const loggingArgs = () => [`-Dlog4j2.configurationFile=${path.join(__dirname, 'kafka-log4j2.properties')}`];

/** Kafka's own form of a UUID: 16 bytes in URL-safe base64. One that begins with "-" would be taken for an option. */
function newClusterId() {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

module.exports = kafka;
