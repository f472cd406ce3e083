import { describe, expect, test } from "vitest";
import { decodeRecords, encodeRecord, type JournalRecord } from "./journal-records.ts";

function segmentOf(records: readonly JournalRecord[]): Buffer {
  return Buffer.concat(records.flatMap(encodeRecord));
}

const RECORDS: readonly JournalRecord[] = [
  { sequence: 7, at: 1000, changes: [{ path: "repositories/a/tags/v1", bytes: Buffer.from("sha256:…") }] },
  {
    sequence: 8,
    at: 2000,
    changes: [
      { path: "blobs/sha256/ab", bytes: Buffer.from([0, 1, 2]) },
      { path: "repositories/a/tags/ü", bytes: undefined },
      { path: "repositories/a/tags/empty", bytes: Buffer.alloc(0) },
    ],
  },
  { sequence: 9, at: 3000, changes: [{ path: "repositories/b/tags/v1", bytes: undefined }] },
];

describe("records of the journal", () => {
  test("are read as they were written, up to the zeros behind them", () => {
    const segment = Buffer.concat([segmentOf(RECORDS), Buffer.alloc(1000)]);
    expect([...decodeRecords(segment)]).toEqual(RECORDS);
    expect([...decodeRecords(Buffer.alloc(1000))]).toEqual([]);
  });

  test("end with the last whole one wherever the segment is torn, and whichever byte is wrong", () => {
    const whole = segmentOf(RECORDS);
    const ends = RECORDS.map((_, index) => segmentOf(RECORDS.slice(0, index + 1)).length);
    for (let length = 0; length < whole.length; length += 1) {
      const count = ends.filter((end) => end <= length).length;
      expect([...decodeRecords(whole.subarray(0, length))]).toEqual(RECORDS.slice(0, count));
      expect([...decodeRecords(Buffer.concat([whole.subarray(0, length), Buffer.alloc(64)]))].slice(0, count)).toHaveLength(count);
      const wrong = Buffer.from(whole);
      wrong[length] = (wrong[length] ?? 0) ^ 0x10;
      expect([...decodeRecords(wrong)]).toEqual(RECORDS.slice(0, count));
    }
  });

  test("that do not follow the one before are of an earlier use of the disk", () => {
    const [first, , third] = RECORDS;
    if (first === undefined || third === undefined) throw new Error("no records");
    expect([...decodeRecords(segmentOf([first, third]))]).toEqual([first]);
  });

  test.each([["../etc/passwd"], ["repositories/../x"], ["tls/ca.key"], ["blobs//x"], ["/blobs/x"]])("change nothing at %s", (path) => {
    const record = { sequence: 1, at: 0, changes: [{ path, bytes: Buffer.from("x") }] };
    expect([...decodeRecords(segmentOf([record]))]).toEqual([]);
  });
});
