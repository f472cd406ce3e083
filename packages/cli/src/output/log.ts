import { paint } from "./color.ts";
import { escapeJson, escapeText } from "./escape.ts";
import type { Screen } from "./screen.ts";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Talk of a command: what happens and what to mind, never the result. Texts and fields never hold a secret. */
export interface Log {
  error(text: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void;
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  debug(text: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What takes the JSON lines of `--log-file`. */
export interface LogFile {
  append(line: string): void;
}

export interface LogOptions {
  readonly screen: Screen;
  /** Shown on stderr up to this level; the file gets all but debug, and debug too when this is debug. */
  readonly level: LogLevel;
  readonly file?: LogFile | undefined;
  /** stderr holds events, one JSON object a line: warnings and errors are such lines there, the rest goes to the file only. */
  readonly asEvents?: boolean;
  now(): Date;
}

/** The log of one run. */
export function createLog(options: LogOptions): Log {
  const limit = LOG_LEVELS.indexOf(options.level);
  const show = (level: LogLevel, text: string): void => {
    if (options.asEvents !== true) options.screen.line(`${prefix(level, options.screen.color)}${escapeText(text)}`);
    else if (level === "warn" || level === "error") {
      const severity = level === "warn" ? "warning" : level;
      options.screen.line(escapeJson(JSON.stringify({ at: options.now().toISOString(), event: "problem", severity, message: text })));
    }
  };
  const say = (level: LogLevel, text: string, fields: Readonly<Record<string, unknown>> | undefined): void => {
    if (LOG_LEVELS.indexOf(level) <= limit) show(level, text);
    if (level !== "debug" || options.level === "debug") {
      options.file?.append(JSON.stringify({ at: options.now().toISOString(), level, message: text, ...fields }));
    }
  };
  return {
    error: (text, fields) => say("error", text, fields),
    warn: (text, fields) => say("warn", text, fields),
    info: (text, fields) => say("info", text, fields),
    debug: (text, fields) => say("debug", text, fields),
  };
}

function prefix(level: LogLevel, color: boolean): string {
  switch (level) {
    case "error":
      return paint("red", "error: ", color);
    case "warn":
      return paint("yellow", "warning: ", color);
    case "debug":
      return paint("dim", "debug: ", color);
    case "info":
      return "";
  }
}
