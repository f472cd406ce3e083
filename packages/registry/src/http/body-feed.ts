import type { IncomingMessage } from "node:http";
import type { Feed } from "../store/feed.ts";
import { release } from "../store/release.ts";

/**
 * The body of a request. By events and not by iteration, which would join chunks that came while the taker waited into a new
 * buffer. It ends, well or not, when the taker is done with the last chunk it was handed. Leaving it half-way keeps the
 * connection, so that the answer still arrives.
 */
export function bodyFeed(request: IncomingMessage): Feed {
  return (take) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let taking: Promise<void> | undefined;
    const onData = (chunk: Uint8Array): void => {
      try {
        taking = take(chunk);
        if (taking === undefined) {
          release(chunk);
          return;
        }
        request.pause();
        taking.then(() => {
          release(chunk);
          request.resume();
        }, reject);
      } catch (error) {
        reject(error);
      }
    };
    // The end is told as soon as the last chunk is, whether its taker has done or not, and the close right after it.
    const onEnd = (): void => {
      request.off("close", onClose);
      Promise.resolve(taking).then(resolve, reject);
    };
    const onError = (error: Error): void => {
      Promise.resolve(taking).then(() => reject(error), reject);
    };
    const onClose = (): void => onError(new Error("The client has gone before its request was complete."));
    request.on("data", onData).once("end", onEnd).once("error", onError).once("close", onClose);
    if (request.readableEnded) resolve();
    else if (request.destroyed) onClose();
    return promise.finally(() => {
      request.pause();
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    });
  };
}
