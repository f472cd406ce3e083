/**
 * Frees the memory of a chunk that nobody needs any more, neither this program nor a system call. Left to the collector, what
 * comes and goes over the network lies about until 64 MB of it are there, and then costs a full collection. A chunk that
 * shares its memory with others is left alone.
 */
export function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
