import { describe, expect, it } from "vitest";
import { isWithin, parseTimeWindow } from "./time-window.ts";

function at(hours: number, minutes: number): Date {
  return new Date(2026, 0, 15, hours, minutes);
}

describe("a time window", () => {
  it("may pass midnight", () => {
    const night = parseTimeWindow("22:00-06:00");
    expect([at(21, 59), at(22, 0), at(23, 59), at(0, 0), at(5, 59), at(6, 0), at(12, 0)].map((now) => isWithin(night, now))).toEqual([
      false,
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it("may lie within a day and end with it", () => {
    const evening = parseTimeWindow("18:30-24:00");
    expect([at(18, 29), at(18, 30), at(23, 59), at(0, 0)].map((now) => isWithin(evening, now))).toEqual([false, true, true, false]);
  });

  it.each(["", "22-6", "25:00-06:00", "22:00-22:00", "22:60-23:00", "23:00-24:30"])("refuses %j", (text) => {
    expect(() => parseTimeWindow(text)).toThrow(/HH:MM-HH:MM/);
  });
});
