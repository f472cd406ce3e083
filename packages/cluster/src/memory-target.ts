const MIB = 1024 * 1024;
const STEP = 10;
const LEAST = 50;
const MOST = 2048;

/**
 * Memory for the pod of a catalog, as a Kubernetes quantity; it becomes the request and opm's soft limit. opm needs about
 * 30 MiB with nothing in it, and while it builds its cache about six times the documents: a catalog of 78 MB is on record
 * as needing 512 MiB. Rounded up, so that a small change of the catalog does not restart its pod.
 */
export function memoryTarget(documentBytes: number): string {
  const wanted = 30 + (6 * Math.max(0, documentBytes)) / MIB;
  return `${Math.min(MOST, Math.max(LEAST, Math.ceil(wanted / STEP) * STEP))}Mi`;
}
