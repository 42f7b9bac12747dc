'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { makeFolderFor, serverAccount } = require('./account');
const { askElasticsearch } = require('./probe');

/** @type {import('./launch').Launcher} */
const elasticsearch = {
  ports: { main: 9200, transport: 9300 },
  stopSignal: 'SIGTERM',

  async prepare({ home, ports, options }) {
    const account = serverAccount();
    const config = path.join(home, 'config');
    for (const folder of [home, config, path.join(home, 'data'), path.join(home, 'logs'), path.join(home, 'tmp')])
      makeFolderFor(folder, account);
    const settings = {
      'cluster.name': 'slipstream',
      'node.name': 'stack',
      'discovery.type': 'single-node',
      'network.host': '127.0.0.1',
      'http.port': ports.main,
      'transport.port': ports['transport'],
      'path.data': path.join(home, 'data'),
      'path.logs': path.join(home, 'logs'),
      'xpack.security.enabled': false,
      // On a full disk indexes turn read-only, on a developer's nearly full one as well.
      'cluster.routing.allocation.disk.threshold_enabled': false,
    };
    // JSON is YAML, and quotes what needs quotes.
    fs.writeFileSync(path.join(config, 'elasticsearch.yml'), `${JSON.stringify(settings, null, 2)}\n`);
    const heap = options.elasticsearchHeap ?? '1g';
    // The distribution's own options write logs into its folder, which belongs to somebody else.
    const jvm = [
      `-Xms${heap}`,
      `-Xmx${heap}`,
      '-XX:+UseG1GC',
      ...(options.quickStart ? ['-XX:TieredStopAtLevel=1'] : []),
      '-Djava.io.tmpdir=${ES_TMPDIR}',
      '20-:--add-modules=jdk.incubator.vector',
      '-XX:+ExitOnOutOfMemoryError',
      `-XX:ErrorFile=${path.join(home, 'logs', 'hs_err_%p.log')}`,
    ];
    fs.writeFileSync(path.join(config, 'jvm.options'), `${jvm.join('\n')}\n`);
    fs.copyFileSync(path.join(__dirname, 'elasticsearch-log4j2.properties'), path.join(config, 'log4j2.properties'));
  },

  plan({ home, supply, ports }) {
    return {
      command: path.join(String(supply.path), 'bin', 'elasticsearch'),
      args: [],
      cwd: home,
      env: {
        ES_JAVA_HOME: path.dirname(path.dirname(String(supply.java))),
        ES_PATH_CONF: path.join(home, 'config'),
        ES_TMPDIR: path.join(home, 'tmp'),
        // The launcher works for two seconds, in which thorough compiling never pays.
        CLI_JAVA_OPTS: '-XX:TieredStopAtLevel=1',
      },
      account: serverAccount(),
      address: `http://127.0.0.1:${ports.main}`,
    };
  },

  ready: ({ ports }) => askElasticsearch(`http://127.0.0.1:${ports.main}`),
};

module.exports = elasticsearch;
