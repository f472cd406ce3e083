import { isOciError, OciError } from "../errors.ts";
import type { Descriptor } from "../model/descriptor.ts";
import type { BlobWrite, IoOptions } from "../store/types.ts";
import { nameOf, type Repository } from "./repository.ts";
import { cancelUpload, finishUpload, sendPiece, startUpload, type UploadSession, uploadStatus } from "./uploads.ts";
import { mayGoWhole, sendWhole } from "./whole-upload.ts";

/**
 * One blob on its way into a registry: POST, then one PUT with its length, or one POST alone for a small one where the registry
 * takes that. A body that breaks off is continued from the registry's offset where it remembers, else from the start; a 413
 * switches to PATCH in pieces.
 */
export class RegistryBlobWrite implements BlobWrite {
  readonly #at: Repository;
  readonly #descriptor: Descriptor;
  readonly #io: IoOptions;
  #session: UploadSession | undefined;
  #done = false;

  /** Use {@link RegistryBlobWrite.begin}. */
  constructor(at: Repository, what: { descriptor: Descriptor; session: UploadSession | undefined; io: IoOptions }) {
    this.#at = at;
    this.#descriptor = what.descriptor;
    this.#session = what.session;
    this.#io = what.io;
  }

  /** Opens an upload, unless the blob may go with the request that opens it. @param opened a session that is open already */
  static async begin(
    at: Repository,
    what: { descriptor: Descriptor; opened: UploadSession | undefined; io: IoOptions },
  ): Promise<BlobWrite> {
    const { descriptor, io } = what;
    const waits = what.opened === undefined && mayGoWhole(at, descriptor);
    return new RegistryBlobWrite(at, { descriptor, session: what.opened ?? (waits ? undefined : await startUpload(at, io)), io });
  }

  get offset(): number {
    return this.#session?.offset ?? 0;
  }

  async append(body: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.#session !== undefined || !mayGoWhole(this.#at, this.#descriptor)) return await this.#continue(body);
    const whole = await sendWhole(this.#at, { descriptor: this.#descriptor, body, io: this.#io });
    if (whole.taken) {
      this.#done = true;
      return;
    }
    this.#session = whole.session;
    await this.#continue(whole.body);
  }

  async #continue(body: AsyncIterable<Uint8Array>): Promise<void> {
    const session = this.#session ?? (await startUpload(this.#at, this.#io));
    this.#session = session;
    try {
      const piece = this.#at.net.quirks.pieceSize(this.#at.host);
      if (piece === undefined || piece >= this.#descriptor.size) {
        await finishUpload(this.#at, { session, descriptor: this.#descriptor, body, io: this.#io });
      } else {
        await this.#inPieces(session, pieces(body, piece));
      }
      this.#done = true;
    } catch (error) {
      throw await this.#afterFault(error);
    }
  }

  async commit(): Promise<void> {
    if (this.#done) return;
    if (this.#descriptor.size !== this.offset) {
      throw new OciError({
        code: "SIZE_MISMATCH",
        message: `Cannot finish blob ${this.#descriptor.digest} in ${nameOf(this.#at)}: ${this.offset} of ${this.#descriptor.size} bytes were uploaded`,
        subject: this.#descriptor.digest,
        host: this.#at.host,
      });
    }
    const session = this.#session ?? (await startUpload(this.#at, this.#io));
    await finishUpload(this.#at, { session, descriptor: this.#descriptor, body: undefined, io: this.#io });
    this.#done = true;
  }

  /** A registry's session rarely outlives the process that knows its location: nothing is parked. */
  park(): Promise<void> {
    return this.drop();
  }

  async drop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (this.#done || session === undefined) return;
    try {
      // The signal that ended the copy must not keep the session from being cancelled.
      await cancelUpload(this.#at, session, { slot: this.#io.slot, signal: AbortSignal.timeout(5_000) });
    } catch {
      // Registries clean up sessions by themselves.
    }
  }

  async #inPieces(start: UploadSession, body: AsyncIterable<Uint8Array>): Promise<void> {
    let session = start;
    for await (const bytes of body) {
      session = await sendPiece(this.#at, { session, bytes, digest: this.#descriptor.digest, io: this.#io });
      this.#session = session;
    }
    await finishUpload(this.#at, { session, descriptor: this.#descriptor, body: undefined, io: this.#io });
  }

  /** Finds out where the upload stands, so that the caller can append again from `offset`. */
  async #afterFault(error: unknown): Promise<unknown> {
    if (!isOciError(error) || error.code === "ABORTED") return error;
    const session = this.#session;
    if (session === undefined) return error;
    if (error.status === 413) {
      if (
        !this.#at.net.quirks.noteTooLarge(
          this.#at.host,
          Math.min(this.#descriptor.size, this.#at.net.quirks.pieceSize(this.#at.host) ?? this.#descriptor.size),
        )
      )
        return error;
      this.#session = undefined;
      return error.with({
        code: "SERVER_ERROR",
        hint: "The registry or a proxy before it limits the size of requests; continuing in pieces.",
      });
    }
    if (
      error.status === 404 ||
      (error.status !== undefined && error.status >= 400 && error.status < 500 && error.status !== 416 && error.status !== 401)
    ) {
      this.#session = undefined;
      // The session is gone (another replica, a restart): a new one may do.
      return error.registryCode === "BLOB_UPLOAD_UNKNOWN" || error.registryCode === "BLOB_UPLOAD_INVALID"
        ? error.with({ code: "SERVER_ERROR", status: 503 })
        : error;
    }
    try {
      this.#session = await uploadStatus(this.#at, session, this.#io);
    } catch {
      this.#session = undefined;
    }
    if (this.#session !== undefined && this.#session.offset > this.#descriptor.size) this.#session = undefined;
    // distribution 3 counts bytes of a broken-off request until after it was asked for the state: asked again, it knows.
    if (error.status === 416) return error.with({ code: "SERVER_ERROR" });
    // A token that ran out during the upload: the status request above renewed it.
    return error.status === 401 && this.#session !== undefined ? error.with({ code: "SERVER_ERROR", status: 503 }) : error;
  }
}

/** Chunks gathered into pieces of `size` bytes; the last may be shorter. */
async function* pieces(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    held.push(chunk);
    length += chunk.byteLength;
    while (length >= size) {
      const all = Buffer.concat(held, length);
      yield all.subarray(0, size);
      const rest = all.subarray(size);
      held = rest.byteLength === 0 ? [] : [rest];
      length = rest.byteLength;
    }
  }
  if (length > 0) yield Buffer.concat(held, length);
}
