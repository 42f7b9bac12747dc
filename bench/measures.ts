import type { Measure, MeasureName } from './measure';
import { capture } from './measures/capture';
import { copy } from './measures/copy';
import { elasticsearch } from './measures/elasticsearch';
import { idle } from './measures/idle';
import { latency } from './measures/latency';
import { leader } from './measures/leader';
import { postgres } from './measures/postgres';
import { redis } from './measures/redis';
import { takeover } from './measures/takeover';

export const measures: Readonly<Record<MeasureName, Measure>> = {
  capture,
  copy,
  postgres,
  elasticsearch,
  redis,
  latency,
  takeover,
  idle,
  leader,
};
