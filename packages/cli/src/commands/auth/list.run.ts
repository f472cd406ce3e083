import { authFilePlaces } from "@skerry/oci";
import { type AuthListing, listAuthFile } from "../../auth/auth-files.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import { formatTable } from "../../output/table.ts";
import type { AuthFileFlags } from "./logout.ts";

/** Prints the hosts of every auth file, and which of them count. */
export async function run(job: Job<AuthFileFlags>): Promise<number> {
  const { authfile } = job.flags;
  const places = authFilePlaces({
    authfile: authfile === undefined ? undefined : pathOf(job, authfile),
    env: job.world.env,
    home: job.world.home,
  });
  const listings: AuthListing[] = [];
  for (const { path } of places) {
    const listing = await listAuthFile(path);
    if (listing !== undefined) listings.push(listing);
  }
  const seen = new Set<string>();
  const accounts = listings.flatMap(({ path, entries }) =>
    entries.map((entry) => {
      const used = !seen.has(entry.key);
      seen.add(entry.key);
      return {
        host: entry.key,
        file: path,
        kind: entry.kind,
        used,
        ...(entry.username === undefined ? {} : { username: entry.username }),
        ...(entry.helper === undefined ? {} : { helper: entry.helper }),
      };
    }),
  );
  const stores = listings.flatMap(({ path, store }) => (store === undefined ? [] : [{ file: path, helper: store }]));
  await job.out.result(
    { kind: "AuthList", accounts, stores, files: listings.map((listing) => listing.path) },
    {
      text: () =>
        formatTable(
          [{ title: "host" }, { title: "account" }, { title: "kept as" }, { title: "file" }],
          [
            ...accounts.map((account) => [
              account.host,
              account.username ?? "",
              account.helper === undefined ? account.kind : `helper ${account.helper}`,
              `${account.file}${account.used ? "" : " (not used: an earlier file has it)"}`,
            ]),
            ...stores.map((store) => ["(every other)", "", `helper ${store.helper}`, store.file]),
          ],
        ),
      names: () => [...seen],
    },
  );
  return EXIT.done;
}
