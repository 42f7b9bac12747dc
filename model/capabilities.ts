import type { StoreDefinition } from './pipeline-file';

/**
 * What a kind of store can do, as far as a guarantee rests on it: data for `guaranteesOf`. An adapter carries the
 * declaration of its own kind, and the contract suite (test/contract) holds it to every line of it.
 */
export interface Capabilities {
  /** Offsets are written in the same transaction as the data: a batch is there with its offsets, or not at all. */
  readonly offsetsWithData: boolean;
  /** Readers of the live generation move from closed point to closed point. */
  readonly transactionConsistent: boolean;
  /**
   * What the store compares before it takes a write to one document; needed where a batch may be there by half. `shares`:
   * every document belongs to one share of the lane, whose own record is moved with its data.
   */
  readonly versions: 'none' | 'documents' | 'documents-and-deletes' | 'shares';
  /**
   * For how many seconds a delete is remembered, so that an older write to its document is refused by the store alone;
   * null: for ever, or it need not be, since batches are repeated whole.
   */
  readonly dedupeHorizonSeconds: number | null;
  /** How a replaced owner is refused, in the middle of its batch too. */
  readonly fence: 'none' | 'compare-and-set' | 'write-alias' | 'script';
  /** Readers are moved to another generation in one step. */
  readonly atomicPromote: boolean;
  /** The store's own record of offsets, log and mapping can be read back by anyone who opens it. */
  readonly acceptanceRecord: boolean;
  /** `answered`: what it acknowledged survives its crash. `by-setting`: that depends on how the server is set up. */
  readonly durability: 'answered' | 'by-setting';
}

/** Here and not with the adapters, so that a pipeline can be judged where no driver is loaded: in the parser. Pure. */
export function capabilitiesOf(definition: StoreDefinition): Capabilities {
  switch (definition.type) {
    case 'postgres': {
      const lone = definition.parallel === undefined;
      return {
        offsetsWithData: lone,
        transactionConsistent: lone,
        versions: lone ? 'none' : 'shares',
        dedupeHorizonSeconds: null,
        fence: 'compare-and-set',
        atomicPromote: true,
        acceptanceRecord: true,
        durability: 'answered',
      };
    }
    case 'elasticsearch':
      return {
        offsetsWithData: false,
        transactionConsistent: false,
        versions: 'documents-and-deletes',
        // index.gc_deletes by default; a restart forgets sooner, which is why it is no fence.
        dedupeHorizonSeconds: 60,
        fence: 'write-alias',
        atomicPromote: true,
        acceptanceRecord: true,
        durability: 'answered',
      };
    case 'redis':
      return {
        offsetsWithData: true,
        transactionConsistent: false,
        versions: 'none',
        dedupeHorizonSeconds: null,
        fence: 'script',
        atomicPromote: true,
        acceptanceRecord: true,
        // appendonly and appendfsync; what is lost is lost with its offsets.
        durability: 'by-setting',
      };
  }
}
