import { join } from "node:path";
import type { RegistryStore } from "../store/store.ts";
import type { Uploads } from "../store/uploads.ts";
import { backup } from "./backup.ts";
import { type CollectOptions, collect } from "./collect.ts";
import type { BackupReport, CollectionReport, RetentionReport, ScrubReport, StatusReport } from "./report.ts";
import { type RetentionPolicy, retain } from "./retain.ts";
import { type RepairSource, scrub } from "./scrub.ts";
import { storeStatus } from "./status.ts";

export interface CareScrubOptions {
  /** Bytes a second. */
  readonly rate?: number;
  /** Where right copies may be: a folder, or what {@link RepairSources} understands. */
  readonly repairFrom?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Opens a repair source by what the user wrote. */
export type RepairSources = (text: string) => Promise<RepairSource>;

/** The looks after a store, the same whether this process serves it, another does, or nobody. */
export interface RegistryCare {
  collect(options: CollectOptions): Promise<CollectionReport>;
  scrub(options: CareScrubOptions): Promise<ScrubReport>;
  retain(policy: RetentionPolicy, options: { readonly dryRun?: boolean }): Promise<RetentionReport>;
  backup(to: string, options: { readonly signal?: AbortSignal | undefined }): Promise<BackupReport>;
  status(): Promise<StatusReport>;
}

/** Looks after a store that this process has open. One piece of work at a time. */
export class LocalCare implements RegistryCare {
  readonly #store: RegistryStore;
  readonly #uploads: Uploads;
  readonly #sources: RepairSources;
  readonly #certificateEndsAt: () => number | undefined;

  constructor(
    store: RegistryStore,
    uploads: Uploads,
    options: { readonly sources: RepairSources; readonly certificateEndsAt?: () => number | undefined },
  ) {
    this.#store = store;
    this.#uploads = uploads;
    this.#sources = options.sources;
    this.#certificateEndsAt = options.certificateEndsAt ?? (() => undefined);
  }

  collect(options: CollectOptions): Promise<CollectionReport> {
    return this.#alone(async () => {
      const report = await collect(this.#store, this.#uploads, options);
      if (!report.dryRun) await this.#note("collection", report);
      return report;
    });
  }

  scrub(options: CareScrubOptions): Promise<ScrubReport> {
    return this.#alone(async () => {
      const { rate, signal } = options;
      const repairFrom = options.repairFrom === undefined ? undefined : await this.#sources(options.repairFrom);
      const report = await scrub(this.#store, {
        signal,
        ...(rate === undefined ? {} : { rate }),
        ...(repairFrom === undefined ? {} : { repairFrom }),
      });
      await this.#note("scrub", report);
      return report;
    });
  }

  retain(policy: RetentionPolicy, options: { readonly dryRun?: boolean }): Promise<RetentionReport> {
    return this.#alone(() => retain(this.#store, policy, options));
  }

  backup(to: string, options: { readonly signal?: AbortSignal | undefined }): Promise<BackupReport> {
    return this.#alone(() => backup(this.#store, to, options.signal));
  }

  async status(): Promise<StatusReport> {
    const endsAt = this.#certificateEndsAt();
    const [collection, last] = await Promise.all([this.#noted<CollectionReport>("collection"), this.#noted<ScrubReport>("scrub")]);
    return {
      ...(await storeStatus(this.#store, this.#uploads)),
      ...(collection === undefined ? {} : { lastCollection: collection }),
      ...(last === undefined ? {} : { lastScrub: last }),
      ...(endsAt === undefined ? {} : { certificateEndsAt: new Date(endsAt).toISOString() }),
    };
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#store.locks.with("care", work);
  }

  #note(kind: string, report: object): Promise<void> {
    return this.#store.durable.write(
      join(this.#store.layout.care, `last-${kind}.json`),
      new TextEncoder().encode(`${JSON.stringify(report)}\n`),
    );
  }

  async #noted<T>(kind: string): Promise<T | undefined> {
    const bytes = await this.#store.durable.files.read(join(this.#store.layout.care, `last-${kind}.json`));
    return bytes === undefined ? undefined : (JSON.parse(new TextDecoder().decode(bytes)) as T);
  }
}
