import { join } from "node:path";
import { diskError } from "../store/disk/errors.ts";
import { takeLock } from "../store/disk/lock-file.ts";
import { makeFolder } from "../store/disk/make-folder.ts";
import { earlierContents, keepEarlierWork, writtenBy } from "./earlier-work.ts";
import { VolumeFiles } from "./volume-files.ts";
import { VolumeWriter, type VolumeWriterOptions } from "./volume-writer.ts";
import { readWritingJournal, WritingJournal } from "./writing-journal.ts";

/**
 * Begins an archive in a folder, or continues one of the same plan that was interrupted or lacks something. The folder is
 * locked until `close`. An older archive there stays whole until this one is.
 * @throws OciError `BUSY` naming the process that works there, `NO_SPACE`, `IO_FAILED`
 */
export async function openVolumeWriter(dir: string, options: VolumeWriterOptions): Promise<VolumeWriter> {
  const { plan } = options;
  const archive = `${options.name}-${plan.id.slice(0, 8)}`;
  try {
    await makeFolder(dir);
  } catch (error) {
    throw diskError(error, "make the archive's folder", dir);
  }
  const lock = await takeLock(join(dir, ".skerry-archive.lock"), { subject: `archive folder ${dir}` });
  const files = new VolumeFiles(dir, archive, plan.cutter.starts, options.onFull);
  try {
    const journalPath = join(dir, `.${archive}.journal`);
    const whole = await earlierContents(dir);
    const earlier =
      (await readWritingJournal(journalPath)) ?? (whole?.plan === plan.id ? writtenBy(whole, plan) : { done: [], volumes: new Map() });
    const kept = await keepEarlierWork(plan, earlier, { files, givesUpAhead: options.givesUpAhead, signal: options.signal });
    const journal = await WritingJournal.open(journalPath);
    const writer = new VolumeWriter(dir, archive, { options, lock, files, journal, ...kept });
    await writer.begun();
    return writer;
  } catch (error) {
    await files.closeAll();
    await lock.release();
    throw error;
  }
}
