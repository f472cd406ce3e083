import { everyFlags } from "../command/every-flags.ts";
import { type Command, type Flag, type Group, isGroup } from "../command/types.ts";

/** Shells that completion scripts are written for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/**
 * A completion script made of the commands' data: words, flags, and the values of flags with a closed list; files
 * elsewhere. It starts no program while completing.
 */
export function completionScript(shell: Shell, tree: Group): string {
  const rows = [...nodes(tree, [])];
  switch (shell) {
    case "bash":
      return bash(rows);
    case "zsh":
      // zsh runs bash's completion functions; `compdef` appears with bashcompinit.
      return `#compdef skerry\nautoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(rows)}`;
    case "fish":
      return fish(rows);
  }
}

interface Node {
  readonly words: readonly string[];
  readonly node: Command | Group;
}

function* nodes(node: Command | Group, words: readonly string[]): Generator<Node> {
  yield { words, node };
  if (isGroup(node)) for (const [word, child] of node.words) yield* nodes(child, [...words, word]);
}

function flagsOf(node: Command | Group): readonly (readonly [string, Flag<unknown>])[] {
  const all = new Map<string, Flag<unknown>>(Object.entries(everyFlags) as [string, Flag<unknown>][]);
  if (!isGroup(node)) for (const [name, flag] of node.flags) all.set(name, flag);
  return [...all].filter(([, flag]) => flag.hidden !== true).sort(([a], [b]) => (a < b ? -1 : 1));
}

function bash(rows: readonly Node[]): string {
  const cases = rows.map(({ words, node }) => {
    const key = words.join(" ");
    const known = isGroup(node) ? [...node.words.keys()].join(" ") : "";
    const flags = flagsOf(node).map(([name, flag]) => `--${name}${flag.kind === "switch" ? "" : "="}`);
    const values = flagsOf(node).flatMap(([name, flag]) => (flag.values === undefined ? [] : [`--${name}:${flag.values.join(",")}`]));
    return `    "${key}") words="${known}"; flags="${flags.join(" ")}"; values="${values.join(" ")}" ;;`;
  });
  const groups = rows.filter(({ node }) => isGroup(node)).map(({ words }) => `"${words.join(" ")}"`);
  return `# completion of skerry
_skerry() {
  local cur prev path word words flags values entry
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  path=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    case "$path" in
      ${groups.join("|")}) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
    *) words=""; flags=""; values="" ;;
  esac
  if [ "$cur" = "=" ]; then cur=""; elif [ "$prev" = "=" ]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for entry in $values; do
    if [ "$prev" = "\${entry%%:*}" ]; then
      COMPREPLY=($(compgen -W "$(echo "\${entry#*:}" | tr , ' ')" -- "$cur"))
      return
    fi
  done
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")); case "\${COMPREPLY[0]}" in *=) compopt -o nospace 2>/dev/null ;; esac ;;
    *) if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); else COMPREPLY=($(compgen -f -- "$cur")); fi ;;
  esac
}
complete -o filenames -F _skerry skerry
`;
}

function fish(rows: readonly Node[]): string {
  const lines = ["# completion of skerry", "complete -c skerry -f"];
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  for (const { words, node } of rows) {
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`).join("; and ");
    const here = words.length === 0 ? "__fish_use_subcommand" : seen;
    if (isGroup(node)) {
      const others = [...node.words.keys()].join(" ");
      const condition = words.length === 0 ? here : `${seen}; and not __fish_seen_subcommand_from ${others}`;
      for (const [word, child] of node.words) lines.push(`complete -c skerry -n ${quote(condition)} -a ${word} -d ${quote(child.brief)}`);
      continue;
    }
    for (const [name, flag] of flagsOf(node)) {
      const value = flag.kind === "switch" ? "" : flag.values === undefined ? " -r -F" : ` -x -a ${quote(flag.values.join(" "))}`;
      lines.push(
        `complete -c skerry -n ${quote(here)} -l ${name}${flag.short === undefined ? "" : ` -s ${flag.short}`}${value} -d ${quote(flag.brief)}`,
      );
    }
    if (node.positionals.length > 0) lines.push(`complete -c skerry -n ${quote(here)} -F`);
  }
  return `${lines.join("\n")}\n`;
}
