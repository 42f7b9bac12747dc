/**
 * A Fetch response of version 11, made with kafkajs 2.2.4: topic `sample`, partition 3, one aborted transaction; a batch of a
 * transaction with two records (a header, text beyond ASCII; an empty key, a tombstone, a hole in the offsets), and its
 * commit marker.
 */
export const sampleResponse = Buffer.from(
  'AAAABQAAAAAATQAAAAEABnNhbXBsZQAAAAEAAAADAAAAAAAAAAAADAAAAAAAAAAMAAAAAAAAAAAAAAABAAAAAAAAAAkAAAAAAAAAAf////8AAADV' +
    'AAAAAAAAAAUAAAB7AAAAAwKkH33RABAAAAACAAABi8/laAAAAAGLz+VoBwAAAAIAAAAAAAIAAAAAAAAAAlgAAAAUeyJpZCI6IjEifR57Im5hbWUi' +
    'OiJab8OrIn0CCmxvZ0lkDHNhbXBsZTgABgQAAQQKbG9nSWQMc2FtcGxlDHNjaGVtYQIxAAAAAAAAAAgAAABCAAAAAwItpITiADAAAAAAAAABi8/l' +
    'aAEAAAGLz+VoCAAAAAIAAAAAAAIAAAAAAAAAASAAAAAIAAAAAQwAAAAAAAAA',
  'base64',
);
