'use strict';

const net = require('node:net');

/**
 * Each probe resolves with undefined when the server can be worked with, else with the reason why not, for a person.
 * They speak the servers' own protocols: an open port says little (PostgreSQL listens while it still recovers).
 *
 * @typedef {Promise<string | undefined>} Verdict
 */

const timeoutMs = 3_000;

/**
 * Sends one message and hands over what comes back until the reader has made up its mind.
 *
 * @param {string} host
 * @param {number} port
 * @param {Buffer} question
 * @param {(answer: Buffer) => { problem: string | undefined } | undefined} read
 * @returns {Verdict}
 */
function askOverTcp(host, port, question, read) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const chunks = [];
    const socket = net.connect({ host, port });
    const end = (/** @type {string | undefined} */ problem) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(timeoutMs, () => end(`no answer in ${timeoutMs / 1000} s`));
    socket.on('error', (error) => end(error.message || String(/** @type {NodeJS.ErrnoException} */ (error).code)));
    socket.on('close', () => end('it closed the connection'));
    socket.on('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const verdict = read(Buffer.concat(chunks));
      if (verdict !== undefined) end(verdict.problem);
    });
  });
}

/**
 * A StartupMessage (protocol 3.0) for user and database `postgres`. Any request for a password and any refusal of the
 * user are answers of a working server; only "cannot connect now" (57P03: starting, recovering, stopping) is not.
 *
 * @param {string} host
 * @param {number} port
 */
function askPostgres(host, port) {
  const pairs = Buffer.from('user\0postgres\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + pairs.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return askOverTcp(host, port, Buffer.concat([head, pairs]), (answer) => {
    const type = String.fromCharCode(answer[0] ?? 0);
    if (type === 'R') return { problem: undefined };
    if (type !== 'E') return { problem: 'something else than PostgreSQL answers' };
    if (answer.length < 5 || answer.length < 1 + answer.readInt32BE(1)) return undefined;
    const fields = answer.subarray(5).toString('utf8').split('\0');
    const code = fields.find((field) => field.startsWith('C'))?.slice(1);
    return { problem: code === '57P03' ? fields.find((field) => field.startsWith('M'))?.slice(1) : undefined };
  });
}

/**
 * ApiVersions, version 0: brokers answer it only once they process requests.
 *
 * @param {string} host
 * @param {number} port
 */
function askKafka(host, port) {
  const correlation = 20_250_921;
  const question = Buffer.alloc(14);
  question.writeInt32BE(10, 0);
  question.writeInt16BE(18, 4);
  question.writeInt16BE(0, 6);
  question.writeInt32BE(correlation, 8);
  question.writeInt16BE(-1, 12);
  return askOverTcp(host, port, question, (answer) => {
    if (answer.length < 8) return undefined;
    return { problem: answer.readInt32BE(4) === correlation ? undefined : 'something else than Kafka answers' };
  });
}

/**
 * An inline PING. A wish for a password is the answer of a working server; "LOADING" (it still reads its file) is not.
 *
 * @param {string} host
 * @param {number} port
 */
function askRedis(host, port) {
  return askOverTcp(host, port, Buffer.from('PING\r\n'), (answer) => {
    const [line, rest] = answer.toString('latin1').split('\r\n');
    if (rest === undefined) return undefined;
    if (line === '+PONG' || line?.startsWith('-NOAUTH')) return { problem: undefined };
    return { problem: line?.startsWith('-') ? line.slice(1) : 'something else than Redis answers' };
  });
}

/** @param {string} host @param {number} port */
function askTcp(host, port) {
  return /** @type {Verdict} */ (
    new Promise((resolve) => {
      const socket = net.connect({ host, port });
      socket.setTimeout(timeoutMs, () => resolve(`no answer in ${timeoutMs / 1000} s`));
      socket.on('error', (error) =>
        resolve(error.message || String(/** @type {NodeJS.ErrnoException} */ (error).code)),
      );
      socket.on('connect', () => resolve(undefined));
      socket.on('timeout', () => socket.destroy());
      socket.on('connect', () => socket.destroy());
    })
  );
}

/** @param {string} url @returns {Verdict} */
async function askHttp(url) {
  try {
    // Credentials in the URL are refused by fetch; here only the answer counts, and "who are you?" is one.
    const target = new URL(url);
    target.username = target.password = '';
    const answer = await fetch(target, { signal: AbortSignal.timeout(timeoutMs) });
    await answer.arrayBuffer();
    return answer.ok || answer.status === 401 || answer.status === 403 ? undefined : `status ${answer.status}`;
  } catch (error) {
    const { cause, message } = /** @type {Error} */ (error);
    return cause instanceof Error
      ? cause.message || String(/** @type {NodeJS.ErrnoException} */ (cause).code)
      : message;
  }
}

/** After a restart the state is red until the shards are back: writes would fail. @param {string} url */
const askElasticsearch = (url) =>
  askHttp(`${url.replace(/\/+$/, '')}/_cluster/health?wait_for_status=yellow&timeout=1s`);

/** @param {string} text `host:port` @param {number} usual */
function hostAndPort(text, usual) {
  const { hostname, port } = new URL(text.includes('://') ? text : `tcp://${text}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || usual) };
}

/**
 * Whether a server that we were pointed at answers. Temporal may be behind TLS and an API key, so there an open port
 * has to do.
 *
 * @param {import('../index').Part} part
 * @param {string} address
 * @returns {Verdict}
 */
async function answersAt(part, address) {
  try {
    if (part === 'elasticsearch') return await askElasticsearch(address);
    // Behind TLS an open port has to do as well.
    const redis = address.startsWith('rediss:') ? askTcp : askRedis;
    const ask = { postgres: askPostgres, kafka: askKafka, redis, temporal: askTcp }[part];
    // Kafka: any of the brokers will do.
    let problem;
    for (const one of part === 'kafka' ? address.split(',') : [address]) {
      const { host, port } = hostAndPort(
        one.trim(),
        { postgres: 5432, kafka: 9092, redis: 6379, temporal: 7233 }[part],
      );
      problem = await ask(host, port);
      if (problem === undefined) return undefined;
    }
    return problem;
  } catch (error) {
    return error instanceof TypeError ? `"${address}" is not an address` : String(error);
  }
}

module.exports = { askPostgres, askKafka, askElasticsearch, askRedis, askHttp, askTcp, answersAt, hostAndPort };
