import { describe, expect, test } from "vitest";
import type { Slot } from "../gate.ts";
import type { Clock } from "./clock.ts";
import { AdaptiveGate } from "./gate.ts";

/** A clock that a test moves by hand. */
class HandClock implements Clock {
  #now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];
  now(): number {
    return this.#now;
  }
  random(): number {
    return 0;
  }
  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.#now + ms, wake }));
  }
  async forward(ms: number): Promise<void> {
    this.#now += ms;
    for (const sleeper of this.#sleepers.splice(0)) {
      if (sleeper.at <= this.#now) sleeper.wake();
      else this.#sleepers.push(sleeper);
    }
    await turn();
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function waiting(gate: AdaptiveGate, count: number): Slot[] {
  const got: Slot[] = [];
  for (let index = 0; index < count; index++) void gate.acquire().then((slot) => got.push(slot));
  return got;
}

describe("a gate", () => {
  test("admits up to its limit, in order of arrival", async () => {
    const gate = new AdaptiveGate("h", { start: 2 }, new HandClock());
    const order: number[] = [];
    const slots: Slot[] = [];
    for (let index = 0; index < 4; index++)
      void gate.acquire().then((slot) => {
        order.push(index);
        slots.push(slot);
      });
    await turn();
    expect(order).toEqual([0, 1]);
    slots[0]?.release();
    slots[0]?.release();
    await turn();
    expect(order).toEqual([0, 1, 2]);
    expect(gate.active).toBe(2);
  });

  test("halves once per burst of refusals and grows by one per round of good answers", () => {
    const gate = new AdaptiveGate("h", { start: 8 }, new HandClock());
    const { generation } = gate;
    for (let index = 0; index < 8; index++) gate.report({ overloaded: true, generation });
    expect(gate.limit).toBe(4);
    gate.report({ overloaded: true, generation: gate.generation });
    gate.report({ overloaded: true, generation: gate.generation });
    gate.report({ overloaded: true, generation: gate.generation });
    expect(gate.limit).toBe(1);
    const good = (times: number): void => {
      for (let index = 0; index < times; index++) gate.report({ overloaded: false, generation: gate.generation });
    };
    good(1);
    expect(gate.limit).toBe(2);
    good(2);
    expect(gate.limit).toBe(3);
    good(100);
    expect(gate.limit).toBe(8);
  });

  test("grows beyond its beginning where the way takes the time, and never after a refusal", async () => {
    const gate = new AdaptiveGate("h", { start: 2, most: 4 }, new HandClock());
    const good = (times: number): void => {
      for (let index = 0; index < times; index++) gate.report({ overloaded: false, generation: gate.generation });
    };
    for (let index = 0; index < 8; index++) gate.times.note("HEAD manifests", 50);
    good(2);
    // Nobody needs more places.
    expect(gate.limit).toBe(2);
    waiting(gate, 9);
    await turn();
    good(2);
    expect([gate.limit, gate.active]).toEqual([4, 4]);
    gate.report({ overloaded: true, generation: gate.generation });
    for (let index = 0; index < 20; index++) gate.times.note("HEAD manifests", 50);
    good(100);
    expect(gate.limit).toBe(2);
  });

  test("does not grow where answers are near, or later than they were, or take long for another reason than the way", async () => {
    const near = new AdaptiveGate("h", { start: 2, most: 4 }, new HandClock());
    for (let index = 0; index < 20; index++) near.times.note("HEAD manifests", 2);
    const late = new AdaptiveGate("h", { start: 2, most: 4 }, new HandClock());
    for (let index = 0; index < 20; index++) late.times.note("HEAD manifests", index < 4 ? 50 : 150);
    const syncing = new AdaptiveGate("h", { start: 2, most: 4 }, new HandClock());
    syncing.times.note("HEAD manifests", 2);
    for (let index = 0; index < 20; index++) syncing.times.note("PUT manifests", 50);
    for (const gate of [near, late, syncing]) {
      waiting(gate, 9);
      await turn();
      for (let index = 0; index < 20; index++) gate.report({ overloaded: false, generation: gate.generation });
      expect(gate.limit).toBe(2);
    }
  });

  test("halves when answers come far later than the quickest of their kind, and leaves two places", () => {
    const gate = new AdaptiveGate("h", { start: 8 }, new HandClock());
    const round = (ms: number): void => {
      for (let index = 0; index < 8; index++) {
        gate.times.note("PUT manifests", ms);
        gate.report({ overloaded: false, generation: gate.generation });
      }
    };
    // A kind that always takes long is not slow.
    for (let index = 0; index < 8; index++) gate.times.note("GET blobs", 4000);
    round(50);
    expect(gate.limit).toBe(8);
    round(9000);
    expect([gate.limit, gate.generation]).toEqual([4, 1]);
    for (let index = 0; index < 10; index++) round(9000);
    expect([gate.limit, gate.generation]).toEqual([2, 2]);
    for (let index = 0; index < 10; index++) round(50);
    expect(gate.limit).toBe(8);
  });

  test("nobody passes while the host has asked for a pause", async () => {
    const clock = new HandClock();
    const gate = new AdaptiveGate("h", { start: 4 }, clock);
    gate.report({ overloaded: true, pauseMs: 5000, generation: 0 });
    const slots = waiting(gate, 3);
    let ready = false;
    void gate.ready().then(() => {
      ready = true;
    });
    await clock.forward(4999);
    expect([slots.length, ready]).toEqual([0, false]);
    await clock.forward(1);
    await turn();
    // Narrowed to two by the refusal.
    expect([slots.length, ready]).toEqual([2, true]);
  });

  test("an abort leaves the queue without taking a place", async () => {
    const gate = new AdaptiveGate("h", { start: 1 }, new HandClock());
    const first = await gate.acquire();
    const stop = new AbortController();
    const second = gate.acquire(stop.signal);
    const third = gate.acquire();
    stop.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    first.release();
    expect((await third).host).toBe("h");
    await expect(gate.acquire(stop.signal)).rejects.toThrow("enough");
  });
});
