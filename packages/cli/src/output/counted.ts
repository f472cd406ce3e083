/** A count with its noun, in the plural where there is not one: `1 package`, `2 packages`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
