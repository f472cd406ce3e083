import { type Command, command } from "../../command/types.ts";

/** `skerry completion`. */
export const completion: Command = command<Record<never, never>>({
  brief: "print the completion script of a shell",
  positionals: [{ name: "SHELL", brief: "bash, zsh or fish", count: "one" }],
  flags: {},
  examples: [
    { command: "skerry completion bash > /etc/bash_completion.d/skerry", does: "for every user of this machine" },
    { command: "source <(skerry completion zsh)", does: "for this shell" },
  ],
  load: () => import("./completion.run.ts"),
});
