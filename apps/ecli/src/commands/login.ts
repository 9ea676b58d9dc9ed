import { ArgumentError, type Credentials, printable } from '@ecli/core';
import { HttpClient } from '@ecli/http';
import {
  type CredentialPlace,
  expectCarriable,
  findCredentialStore,
  parseRegistryAddress,
  Registry,
  type RegistryAddress,
  saveCredentials,
  spellScope,
} from '@ecli/oci';
import { defineCommand } from '../command.ts';
import { notEmpty } from '../flag-values.ts';
import type { FlagTable, FlagValues } from '../flags.ts';
import { readPassword } from '../password-input.ts';
import { networkFlags, networkOptionsOf } from '../registry-flags.ts';
import { Prompt } from '../terminal/prompt.ts';
import type { Terminal } from '../terminal/terminal.ts';

const flags = {
  username: { short: 'u', value: 'NAME', help: 'who you are to the registry; asked for where it is missing' },
  'password-stdin': { help: 'read the password, or a token, from standard input' },
  password: { short: 'p', value: 'PASSWORD', help: 'not taken: every user of this machine could read it' },
  'get-login': { help: 'only print the name that is logged in' },
  ...networkFlags,
} as const satisfies FlagTable;

type Given = FlagValues<typeof flags>;

/** `ecli login`: checks credentials and stores them where docker and podman have theirs. */
export const loginCommand = defineCommand({
  description: 'Logs in to a registry: checks a name and password there, and stores them for later commands.',
  operands: 'HOST[/PATH]',
  count: { least: 1, most: 1 },
  flags,
  groups: { 'How the registry is reached': networkFlags },
  examples: [
    'ecli login ghcr.io',
    'ecli login -u alice --password-stdin registry.example:5000 < token.txt',
    'ecli login --get-login docker.io',
  ],
  notes: `Docker's login is ecli's too, and the other way round: it is stored in docker's config.json ($DOCKER_CONFIG or
~/.docker), by the credential helper that is set there, or in the file that $REGISTRY_AUTH_FILE names. Podman's
auth.json is read as well. A login of HOST/PATH counts for the repositories below it alone.`,

  async run({ operands: [text = ''], flags: given }, terminal) {
    refusePassword(given);
    const address = parseRegistryAddress(text);
    if (given['get-login']) return printLogin(address, terminal);
    const credentials = await askWho(address, given, terminal);
    expectCarriable(credentials);
    await check(address, credentials, given, terminal);
    const place = await saveCredentials(address, credentials, process.env);
    terminal.print(`Login succeeded: ${spellScope(address)}, stored ${spellPlace(place)}\n`);
    if (place.kind === 'file') warnOfFile(place, terminal);
    return 0;
  },
});

/** @throws ARGUMENT_INVALID */
function refusePassword({ password, username }: Given): void {
  if (password === undefined) return;
  const name = username === undefined ? 'NAME' : printable(username);
  throw new ArgumentError(
    '--password: not taken, for every user of this machine can read it in the list of processes',
    [],
    {
      hint: `let it be asked for, or send it: ecli login -u ${name} --password-stdin HOST < FILE`,
    },
  );
}

async function printLogin(address: RegistryAddress, terminal: Terminal): Promise<number> {
  const found = await storeOf(terminal).find(address.registry, address.path);
  if (found) {
    terminal.print(`${found.kind === 'password' ? printable(found.username) : '<token>'}\n`);
    return 0;
  }
  terminal.printError(`not logged in to ${spellScope(address)}\n`);
  return 1;
}

async function askWho(address: RegistryAddress, given: Given, terminal: Terminal): Promise<Credentials> {
  const { username } = given;
  const { signal } = terminal.interruption;
  if (username !== undefined) notEmpty('--username', username);
  if (given['password-stdin']) {
    if (username !== undefined) return { username, password: await readPassword(signal) };
    throw new ArgumentError('--password-stdin: whose password it is must be said too', [], {
      hint: 'add --username NAME',
    });
  }
  const prompt = new Prompt(signal);
  if (!prompt.isPossible) {
    const name = username === undefined ? 'NAME' : printable(username);
    throw new ArgumentError(`standard input is no terminal, so nobody can be asked for a password`, [], {
      hint: `send it: ecli login -u ${name} --password-stdin ${printable(spellScope(address))} < FILE`,
    });
  }
  const name = username ?? (await askName(prompt, address, terminal));
  return { username: name, password: await prompt.askSecretly('Password: ') };
}

/** Who is logged in already is probably meant again. */
async function askName(prompt: Prompt, address: RegistryAddress, terminal: Terminal): Promise<string> {
  const found = await storeOf(terminal).find(address.registry, address.path);
  const known = found?.kind === 'password' ? found.username : undefined;
  await terminal.stderr.flushed();
  const answer = await prompt.ask(known === undefined ? 'Username: ' : `Username (${printable(known)}): `);
  return answer === '' && known !== undefined ? known : answer;
}

/** @throws REGISTRY_DENIED */
async function check(
  { registry: host, scheme }: RegistryAddress,
  inline: Credentials,
  given: Given,
  { logger, interruption: { signal } }: Terminal,
): Promise<void> {
  const network = networkOptionsOf(given);
  const { plainHttp = false } = network;
  const warn = (line: string): void => logger.log('warn', line);
  const diagnose = (line: string): void => logger.log('debug', line);
  const http = new HttpClient({ ...network, warn, diagnose });
  try {
    const credentials = { find: () => Promise.resolve(undefined) };
    const options = { http, credentials, inline, plainHttp, warn, diagnose, ...(scheme && { scheme }) };
    const wasAsked = await new Registry(host, options).checkLogin(signal);
    if (!wasAsked) warn(`${host}: lets anybody in, so that the password was not checked`);
  } finally {
    http.close();
  }
}

function storeOf({ logger }: Terminal) {
  return findCredentialStore(process.env, {
    warn: (line) => logger.log('warn', line),
    diagnose: (line) => logger.log('debug', line),
  });
}

function spellPlace({ kind, name }: CredentialPlace): string {
  return kind === 'file' ? `in ${printable(name)}` : `by ${name}`;
}

function warnOfFile({ name }: CredentialPlace, { logger }: Terminal): void {
  logger.log(
    'warn',
    `${name}: the password is not encrypted there; a credential helper would, set as credsStore`,
  );
}
