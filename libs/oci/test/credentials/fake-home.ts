import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** A home folder that a user of docker and podman might have, and programs that only this user has. */
export class FakeHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'ecli-test-home-'));
  readonly docker = join(this.folder, '.docker', 'config.json');
  readonly podmanRuntime = join(this.folder, 'run', 'containers', 'auth.json');
  readonly podman = join(this.folder, '.config', 'containers', 'auth.json');
  readonly environment = {
    HOME: this.folder,
    XDG_RUNTIME_DIR: join(this.folder, 'run'),
    PATH: [join(this.folder, 'bin'), process.env['PATH']].join(delimiter),
  };

  write(path: string, content: unknown, mode = 0o600): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, '\t'), {
      mode,
    });
    return path;
  }

  read(path: string): unknown {
    return JSON.parse(readFileSync(path, 'utf8'));
  }

  /** A credential helper of this shell code, or a whole one that keeps its secrets in files and counts its calls. */
  helper(name: string, code = KEYCHAIN): void {
    this.write(join(this.folder, 'bin', `docker-credential-${name}`), `#!/bin/sh\n${code}\n`, 0o755);
  }

  /** What a keychain helper was asked so far. */
  calls(name: string): string[] {
    const log = join(this.folder, 'bin', `docker-credential-${name}.calls`);
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** As docker-credential-helpers' protocol has it; an item is a file named after the base64 of its key. */
const KEYCHAIN = `
echo "$1" >> "$0.calls"
items="$0.items"; mkdir -p "$items"
name() { printf %s "$1" | base64 -w0 | tr / _; }
input=$(cat)
case "$1" in
store) key=$(printf %s "$input" | sed 's/.*"ServerURL":"\\([^"]*\\)".*/\\1/'); printf %s "$input" > "$items/$(name "$key")";;
get) [ -f "$items/$(name "$input")" ] || { echo 'credentials not found in native keychain'; exit 1; }
  cat "$items/$(name "$input")";;
erase) rm -f "$items/$(name "$input")";;
list) printf '{'; separator=; for item in "$items"/*; do [ -f "$item" ] || continue
  sed "s/.*\\"ServerURL\\":\\"\\([^\\"]*\\)\\",\\"Username\\":\\"\\([^\\"]*\\)\\".*/$separator\\"\\1\\":\\"\\2\\"/" "$item"; separator=,
  done; printf '}';;
esac`;
