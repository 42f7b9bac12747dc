import { finding, type Finding } from '../../model/finding';
import { quoteName } from '../source/quoting';
import type { ServerFacts } from './source-facts';

const oldestVersion = 140_000;
/** Less WAL than this goes by in minutes on a busy server, which is as long as an upgrade of workers takes. */
const enoughWalMegabytes = 1_024;
/** Capture answers every second; a garbage collection, a busy machine or a slow network takes longer. */
const enoughTimeoutMs = 10_000;
const enoughIdleSeconds = 86_400;

/** What of the server's settings keeps capture from running, or from running well. Pure. */
export function judgeServer(facts: ServerFacts, input: { readonly slotExists: boolean }): Finding[] {
  return [...standing(facts), ...capacity(facts, input.slotExists), ...keepsWal(facts)];
}

function standing({ version, versionNumber, inRecovery, walLevel, encoding, database }: ServerFacts): Finding[] {
  const where = 'the source';
  const found: Finding[] = [];
  if (versionNumber < oldestVersion) {
    const cure = 'Upgrade the server to 14 or later.';
    found.push(finding('source-version', { where, what: `it is PostgreSQL ${version}.`, cure }));
  }
  if (inRecovery) {
    const cure = 'Point source.url at the leader.';
    found.push(finding('source-standby', { where, what: 'it is a standby.', cure }));
  }
  if (walLevel !== 'logical') {
    const cure = "Run, and restart the server: alter system set wal_level = 'logical';";
    found.push(finding('wal-level', { where: 'wal_level', what: `it is ${walLevel}.`, cure }));
  }
  if (encoding === 'SQL_ASCII') {
    const cure =
      'Dump it and restore it into a database made with: create database … encoding UTF8 template template0;';
    const what = 'its encoding is SQL_ASCII: nobody knows which characters its bytes are.';
    found.push(finding('source-encoding', { where: `database ${database}`, what, cure }));
  }
  return found;
}

function capacity({ slots }: ServerFacts, slotExists: boolean): Finding[] {
  if (slotExists || slots.used < slots.allowed) return [];
  return [
    finding('slots-exhausted', {
      where: 'max_replication_slots',
      what: `all ${slots.allowed} are in use, and the pipeline's is yet to be made.`,
      cure: `Run, and restart the server: alter system set max_replication_slots = ${slots.used + 4};`,
    }),
  ];
}

function keepsWal({ keptWalMegabytes, walSenderTimeoutMs, idleSlotTimeoutSeconds }: ServerFacts): Finding[] {
  const found: Finding[] = [];
  const kept = 'max_slot_wal_keep_size';
  if (keptWalMegabytes < 0) {
    found.push(
      finding('wal-kept-without-limit', {
        where: kept,
        what: 'it is -1: a slot may keep as much WAL as the disk holds.',
        cure: `Run, with as much as the disk can spare: alter system set ${kept} = '50GB'; select pg_reload_conf();`,
      }),
    );
  } else if (keptWalMegabytes < enoughWalMegabytes) {
    found.push(
      finding('wal-kept-too-short', {
        where: kept,
        what: `it is ${keptWalMegabytes} MB.`,
        cure: `Run, with as much as the disk can spare: alter system set ${kept} = '50GB'; select pg_reload_conf();`,
      }),
    );
  }
  if (idleSlotTimeoutSeconds > 0 && idleSlotTimeoutSeconds < enoughIdleSeconds) {
    found.push(
      finding('wal-kept-too-short', {
        where: 'idle_replication_slot_timeout',
        what: `a slot that nobody reads for ${idleSlotTimeoutSeconds} s is given up.`,
        cure: `Run: alter system set idle_replication_slot_timeout = '7d'; select pg_reload_conf();`,
      }),
    );
  }
  if (walSenderTimeoutMs > 0 && walSenderTimeoutMs < enoughTimeoutMs) {
    found.push(
      finding('wal-sender-timeout', {
        where: 'wal_sender_timeout',
        what: `a client that is silent for ${walSenderTimeoutMs / 1_000} s is cut off.`,
        cure: `Run: alter system set wal_sender_timeout = '60s'; select pg_reload_conf();`,
      }),
    );
  }
  return found;
}

/**
 * Why a replication connection was not given. Judged only when one was refused: hosted servers grant replication by
 * other means than the role's attribute. Pure.
 */
export function judgeRefusedReplication({ hasReplication, role, walSenders }: ServerFacts, message: string): Finding {
  if (walSenders.used >= walSenders.allowed) {
    return finding('wal-senders-exhausted', {
      where: 'max_wal_senders',
      what: `all ${walSenders.allowed} are in use.`,
      cure: `Run, and restart the server: alter system set max_wal_senders = ${walSenders.used + 4};`,
    });
  }
  if (!hasReplication) {
    return finding('replication-role', {
      where: `role ${role}`,
      what: 'it may not replicate.',
      cure: `Run: alter role ${quoteName(role)} replication;`,
    });
  }
  return finding('replication-refused', {
    where: 'the replication connection',
    what: message,
    cure: `Let ${role} connect for replication to this database: see pg_hba.conf, and any pooler between.`,
  });
}
