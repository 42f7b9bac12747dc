export type Severity = 'error' | 'warning';

/**
 * What the start of a pipeline makes of a finding. `refused`: it fails with InvalidConfig before anything is created.
 * `waited`: it is tried again until it has passed. `left`: the start goes on, since the part concerned says it better
 * by itself (BLOCKED with its reason, DEGRADED), and the other parts need not wait. Warnings never hold up a start.
 */
export type AtStart = 'refused' | 'waited' | 'left';

interface Code {
  readonly severity: Severity;
  readonly atStart: AtStart;
  /** What would come of it. */
  readonly why: string;
}

const refused = (why: string): Code => ({ severity: 'error', atStart: 'refused', why });
const waited = (why: string): Code => ({ severity: 'error', atStart: 'waited', why });
const left = (why: string): Code => ({ severity: 'error', atStart: 'left', why });
const warned = (why: string): Code => ({ severity: 'warning', atStart: 'left', why });

/** Every code a finding can have. Published (docs/doctor.md is made from it): scripts match on the codes. */
const table = {
  // The pipeline file and the environment
  'file-unreadable': refused('Without the file nothing else can be checked.'),
  'unknown-key': refused('A misspelt key would be passed over, and its default used instead of what was meant.'),
  'missing-key': refused('There is no default for it.'),
  'wrong-value': refused('It cannot be used as it is.'),
  'reserved-name': refused('Slipstream needs this name for itself, beside yours.'),
  'named-twice': refused('Two things under one name would overwrite each other.'),
  'topics-alike': refused('Kafka refuses to create the second of two such topics.'),
  'name-too-long': refused('PostgreSQL would cut it off without a word, and nothing would be found under it.'),
  'table-not-captured': refused('A store can only follow what is captured.'),
  'rename-not-selected': refused('A column that is not carried has no name in the store.'),
  'guarantee-not-given': refused('The pipeline demands it, and as it is set up the store would not keep it.'),
  'setting-invalid': refused('The worker reads it at its start and ends at once.'),
  'secret-missing': refused('The worker resolves it in its own environment; without it, it can reach nothing.'),

  // The source
  'source-unreachable': waited('Capture reads from it, and the start needs its catalogue.'),
  'source-url': refused('It is where capture reads from.'),
  'source-login': refused('Capture logs in with this URL.'),
  'source-unanswered': waited('A check that was not answered says nothing.'),
  'source-version': refused('Older servers lack what capture uses of the replication protocol and the catalogue.'),
  'source-encoding': refused('Bytes that are no UTF-8 would be replaced on the way, and nothing would notice.'),
  'source-standby': refused('Publication and slot are made on the leader; a standby takes neither.'),
  'wal-level': refused('Below logical, the WAL does not say which rows have changed.'),
  'replication-role': refused('Only a role with REPLICATION may create a slot and read its stream.'),
  'replication-refused': refused('Capture reads through a replication connection.'),
  'slots-exhausted': refused('The slot is what makes the server keep WAL until it is in the log.'),
  'wal-senders-exhausted': refused('Every replication stream needs a walsender.'),
  'wal-kept-without-limit': warned('While capture stands still the server keeps all WAL, until its disk is full.'),
  'wal-kept-too-short': warned('A short stop of capture would cost the slot, and with it the log.'),
  'wal-sender-timeout': warned('A worker that pauses for longer loses its stream and decodes again.'),
  'database-privilege': refused('A publication is created in the database, which needs this privilege.'),
  'publication-privilege': refused('Only the owner of a table may publish it, only its owner may alter a publication.'),
  'publication-incomplete': refused('What is not published never reaches the log.'),
  'publication-filtered': refused('Records must be complete rows, and a row left out is a row lost.'),
  'slot-foreign': refused('Its changes cannot be read with our protocol, or are not of this database.'),
  'slot-temporary': refused('It vanishes with the connection that made it, and the WAL with it.'),
  'slot-invalid': refused('The WAL behind it is gone; nothing can be read from it.'),
  'slot-in-use': refused('A slot hands out each change once: two readers would each lose what the other got.'),
  'slot-without-log': warned('The new log begins where this slot stands; whoever else reads it would lose changes.'),
  'slot-unreserved': warned('At the next checkpoint the server may remove WAL that was not captured yet.'),
  'log-discontinued': left('Going on would skip changes: capture would be BLOCKED.'),
  'table-missing': refused('There is nothing to capture under this name.'),
  'table-kind': refused('Only ordinary and partitioned tables have row changes in the WAL.'),
  'table-unlogged': refused('Its changes are not in the WAL.'),
  'table-partition': refused('Partitions are published through their root.'),
  'table-unreadable': refused('The copy of existing rows reads the table.'),
  'table-row-security': refused('Rows hidden by a policy would be missing from the copy, and from every store.'),
  'table-keyless': refused('Without a key the changes of one row cannot be told from those of another.'),
  'table-key-generated': refused(
    'Before version 18 PostgreSQL does not publish generated columns: the key would be missing.',
  ),
  'table-column-virtual': refused(
    'PostgreSQL refuses every update and delete of a published table that has one under REPLICA IDENTITY FULL: the ' +
      "application's own writes would fail.",
  ),
  'table-column-name': refused('Rows would travel without the column, or with their key in another order.'),
  'table-key-lost': refused('PostgreSQL forgets the identity index under REPLICA IDENTITY FULL.'),
  'replica-identity': refused('Without whole old rows, an update that leaves a long value alone comes without it.'),
  'column-unknown': refused('The mapping names a column that is not there.'),
  'column-generated': refused('Before version 18 PostgreSQL does not publish generated columns.'),
  'key-not-selected': refused('A document is found by the whole key of its row.'),
  'mapping-conflict': refused('Two columns would be written under one name.'),
  'predicate-untellable': refused('Nobody could tell which rows belong to the store.'),
  'conversion-senseless': refused('No value of the column could become that.'),
  'id-incomplete': refused('Two rows would share a document, and each would overwrite the other.'),

  // The log
  'log-unreachable': left('All changes go through it: capture and stores would be DEGRADED until it answers.'),
  'log-unanswered': left('A check that was not answered says nothing.'),
  'log-replication': refused('Topics with more copies than brokers cannot be created.'),
  'log-single-copy': warned('The log is lost with the one disk it is on, and every store has to be built anew.'),
  'log-in-sync-low': warned('A change counts as safe on one broker, and is lost with it.'),
  'log-in-sync-high': refused('No write would ever have enough brokers in sync.'),
  'log-unclean-election': warned('A broker that was behind may become leader: acknowledged changes would be gone.'),
  'log-auto-create': warned('A deleted topic would come back by itself, with other settings and no history.'),
  'log-transactions': refused('Every append is a Kafka transaction: none would ever commit.'),
  'log-groups': refused('Readers join a consumer group: none would ever get its partitions.'),
  'log-request-limit': refused('The brokers would close the connection that a record of the declared size comes on.'),
  'topic-partitions': refused('Rows keep their order only while a topic has the partitions it was begun with.'),
  'topic-forgets': refused('The log would drop rows, or deletes, before every store has seen them.'),
  'topic-too-small': refused('Batches of the size capture writes would be refused, for ever.'),
  'topic-below-limit': warned('A row between the two sizes would block capture, although the file allows it.'),
  'topic-foreign': refused('Stores would read records that are not of this log.'),

  // The stores
  'store-unreachable': left('The store follows nothing until it answers: it would be DEGRADED.'),
  'store-unanswered': left('A check that was not answered says nothing.'),
  'store-url': refused('It is where the store is.'),
  'store-login': refused('The store is written with this URL.'),
  'store-kind': refused('What answers is not the system that the file says.'),
  'store-version': refused('The store uses what older servers lack, and newer ones may have changed.'),
  'store-read-only': left('Nothing can be written to it.'),
  'store-privilege': refused('Each generation of a store is created anew, with all it consists of.'),
  'store-taken': refused('What is there would be overwritten, or stand in the way of readers.'),
  'store-fields': refused('One index has one type per field name.'),
  'store-fields-differ': warned('New values of these columns may be refused, or not be found.'),
  'store-cluster': refused('A script needs all keys of a store on one server.'),
  'store-evicts': refused('Documents would vanish to make room, and nothing would notice.'),
  'store-forgets': warned('A restart takes back what was written since the last snapshot, or everything.'),
  'store-health-red': left('Writes to shards that are not there wait, and fail.'),
  'store-health-yellow': warned('A lost node would take shards with it.'),

  // Temporal and clocks
  'temporal-unreachable': left('Every step of a pipeline is ordered by it.'),
  'temporal-unanswered': left('A check that was not answered says nothing.'),
  'temporal-namespace': left('Workflows live in it.'),
  'search-attribute-type': left('Workflows set it to another type, and each would fail.'),
  'search-attribute-missing': warned('A worker registers it at its start; until then syncs cannot be listed by it.'),
  'no-worker': warned('A start is recorded, and nothing happens until a worker runs.'),
  'clock-skew': warned('How far stores are behind is told by comparing clocks: it would be off by as much.'),
} as const satisfies Record<string, Code>;

export type FindingCode = keyof typeof table;

export const findingCodes: Readonly<Record<FindingCode, Code>> = table;
