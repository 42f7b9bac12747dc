'use strict';

/** @type {readonly import('./index').Part[]} */
const allParts = ['postgres', 'kafka', 'elasticsearch', 'redis', 'temporal'];

/** @type {Record<import('./index').Part, string>} */
const titles = {
  postgres: 'PostgreSQL',
  kafka: 'Kafka',
  elasticsearch: 'Elasticsearch',
  redis: 'Redis',
  temporal: 'Temporal',
};

/** With one of these set, the part is used where it is and never started or stopped. */
/** @type {Record<import('./index').Part, string>} */
const addressVariables = {
  postgres: 'SLIPSTREAM_POSTGRES_URL',
  kafka: 'KAFKA_BROKERS',
  elasticsearch: 'SLIPSTREAM_ELASTICSEARCH_URL',
  redis: 'SLIPSTREAM_REDIS_URL',
  temporal: 'TEMPORAL_ADDRESS',
};

/** With one of these set, what stands there is run, if it is not too old. */
/** @type {Record<import('./index').Part, string>} */
const pathVariables = {
  postgres: 'SLIPSTREAM_POSTGRES_BIN',
  kafka: 'SLIPSTREAM_KAFKA_HOME',
  elasticsearch: 'SLIPSTREAM_ELASTICSEARCH_HOME',
  redis: 'SLIPSTREAM_REDIS_BIN',
  temporal: 'SLIPSTREAM_TEMPORAL_BIN',
};

/** @param {string} text @returns {text is import('./index').Part} */
const isPart = (text) => /** @type {readonly string[]} */ (allParts).includes(text);

module.exports = { allParts, titles, addressVariables, pathVariables, isPart };
