import type { Variant } from './meter';
import { bothEnds } from './variants/both-ends';
import { capture } from './variants/capture';
import { captureFor } from './variants/capture-for';
import { copyOut } from './variants/copy-out';
import { follow } from './variants/follow';
import { rawElasticsearch } from './variants/raw-elasticsearch';
import { rawPostgres } from './variants/raw-postgres';
import { rawProduce } from './variants/raw-produce';
import { rawRedis } from './variants/raw-redis';
import { rawStream } from './variants/raw-stream';

/** What a process of a bench can be told to run, by name. */
export const variants = {
  bothEnds,
  capture,
  captureFor,
  copyOut,
  follow,
  rawElasticsearch,
  rawPostgres,
  rawProduce,
  rawRedis,
  rawStream,
} satisfies Record<string, Variant<never>>;

export type VariantName = keyof typeof variants;

export function isVariant(name: string): name is VariantName {
  return Object.hasOwn(variants, name);
}
