import { createRequire } from 'node:module';
import { unknownKafkajs } from './known-kafkajs';

/** What is looked at of a kafkajs connection, as version 2.2.4 has it. */
export interface Connecting {
  /** Pieces of the answers that have not come whole. */
  chunks: Buffer[];
  bytesBuffered: number;
  /** Four, those of a length, before an answer has begun. */
  bytesNeeded: number;
  isConnected(): boolean;
  connect(): Promise<unknown>;
}

const lengthBytes = 4;

/**
 * Opens a connection again without what came of an answer before it broke. kafkajs keeps that, and takes what the new one brings
 * for the rest of it: no answer is understood any more, and a consumer waits for as long as it is left alone.
 */
export function forgetCutAnswers(connections: Pick<Connecting, 'connect'>): void {
  const { connect } = connections;
  connections.connect = function (this: Connecting) {
    if (!this.isConnected()) {
      this.chunks = [];
      this.bytesBuffered = 0;
      this.bytesNeeded = lengthBytes;
    }
    return connect.call(this);
  };
}

let mended = false;

/** Teaches the kafkajs of this process. Repeatable. Another version is left as it is. */
export function mendConnections(): void {
  if (mended) return;
  mended = true;
  const load = createRequire(__filename) as (name: string) => unknown;
  if (unknownKafkajs(load) !== null) return;
  forgetCutAnswers((load('kafkajs/src/network/connection') as { readonly prototype: Connecting }).prototype);
}
