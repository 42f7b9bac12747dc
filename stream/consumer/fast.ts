import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import type { KafkaLog } from '../kafka';
import { unknownKafkajs } from '../known-kafkajs';
import { decodeFetchResponse } from './fetch-response';
import { receiveLargeResponses, type Receiving } from './large-responses';
import { sampleResponse } from './sample';

/** The version of the Fetch protocol that kafkajs and every broker since Kafka 2.3 agree upon; of others it reads all itself. */
const definition = 'kafkajs/src/protocol/requests/fetch/v11/response';

/** Whose prototype reads every socket. */
const connection = 'kafkajs/src/network/connection';

interface ResponseDefinition {
  decode: (bytes: Buffer) => Promise<unknown>;
}

let prepared: Promise<string | null> | undefined;

/** Where it cannot be had, kafkajs decodes by itself and the log is warned: slower, and right. */
export async function useFastConsumer(log: KafkaLog, prepare = prepareFastConsumer): Promise<void> {
  const problem = await prepare();
  if (problem !== null)
    log('warn', 'the fast consumer cannot be used, kafkajs decodes all that it fetches', { problem });
}

/**
 * Teaches the kafkajs of this process to decode what it fetches faster, for all its consumers. Resolves with null when it
 * can now, else with the reason. Repeatable.
 */
export function prepareFastConsumer(): Promise<string | null> {
  prepared ??= prepare(createRequire(__filename)).catch((error: unknown) => String(error));
  return prepared;
}

/** `load` is `require`. Nothing is changed unless everything is as it is known to be. */
export async function prepare(load: (name: string) => unknown): Promise<string | null> {
  const unknown = unknownKafkajs(load);
  if (unknown !== null) return unknown;
  const response = load(definition) as ResponseDefinition;
  const { decode } = response;
  if (!isDeepStrictEqual(await decode(sampleResponse), decodeFetchResponse(sampleResponse))) {
    return 'kafkajs decodes a Fetch response differently';
  }
  response.decode = async (bytes) => decodeAll(bytes) ?? (await decode(bytes));
  receiveLargeResponses((load(connection) as { readonly prototype: Receiving }).prototype);
  return null;
}

/** Null for whatever is unusual or damaged: kafkajs reads it, or says what is wrong with it. */
function decodeAll(bytes: Buffer): unknown {
  try {
    return decodeFetchResponse(bytes);
  } catch {
    return null;
  }
}
