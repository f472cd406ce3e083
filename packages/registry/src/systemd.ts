export interface SystemdUnitOptions {
  /** Path of the program. */
  readonly program: string;
  readonly root: string;
  /** Arguments after `registry serve --root ROOT`, one each. */
  readonly arguments: readonly string[];
  /** Default `skerry`. */
  readonly user?: string;
}

/** A unit that serves a registry with as little of the machine as it needs. systemd.exec(5), systemd.service(5). */
export function systemdUnit(options: SystemdUnitOptions): string {
  const user = options.user ?? "skerry";
  const words = [options.program, "registry", "serve", "--root", options.root, ...options.arguments].map(quoted).join(" ");
  return `[Unit]
Description=Skerry mirror registry
Documentation=man:skerry(1)
After=network-online.target local-fs.target
Wants=network-online.target
RequiresMountsFor=${quoted(options.root)}

[Service]
Type=simple
User=${user}
Group=${user}
ExecStart=${words}
ExecReload=/bin/kill -HUP $MAINPID
KillSignal=SIGTERM
TimeoutStopSec=45
Restart=on-failure
RestartSec=2
LimitNOFILE=65536
UMask=0077
ReadWritePaths=${quoted(options.root)}
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectProc=invisible
NoNewPrivileges=true
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=true
RestrictRealtime=true
RestrictSUIDSGID=true
LockPersonality=true
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
}

/** A word of a unit file: percent and dollar signs mean something there, and spaces end a word. */
function quoted(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[A-Za-z0-9_@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
