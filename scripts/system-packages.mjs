import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailed, capture, findProgram, isRoot } from './workspace.mjs';

/**
 * @typedef {'apt-get' | 'dnf' | 'apk' | 'pacman'} Manager
 * @typedef {object} Requirement
 * @property {string} what for people
 * @property {() => boolean} present looks for the thing itself, however it was installed
 * @property {Partial<Record<Manager, string>>} packages what brings it; several names are separated by spaces
 * @property {string} [aptFallback] for releases that don't have the apt package (Ubuntu's bpftool)
 * @property {string} [service] what the package starts, and is not needed for
 */

/**
 * What ecli needs to be built and to run.
 *
 * @type {readonly Requirement[]}
 */
export const REQUIREMENTS = [
  {
    what: 'libbpf.so.1',
    present: () => hasLibrary('libbpf.so.1'),
    packages: { 'apt-get': 'libbpf1', dnf: 'libbpf', apk: 'libbpf', pacman: 'libbpf' },
  },
  {
    what: 'the libelf headers',
    present: () => hasHeader('libelf.h'),
    packages: {
      'apt-get': 'libelf-dev',
      dnf: 'elfutils-libelf-devel',
      apk: 'elfutils-dev',
      pacman: 'libelf',
    },
  },
  {
    what: 'the libbpf headers',
    present: () => hasHeader('bpf/bpf_helpers.h'),
    packages: { 'apt-get': 'libbpf-dev', dnf: 'libbpf-devel', apk: 'libbpf-dev', pacman: 'libbpf' },
  },
  {
    what: "the kernel's headers",
    present: () => hasHeader('linux/types.h') && hasHeader('asm/types.h'),
    packages: {
      'apt-get': 'linux-libc-dev',
      dnf: 'kernel-headers',
      apk: 'linux-headers',
      pacman: 'linux-api-headers',
    },
  },
  {
    what: 'clang',
    present: () => findProgram('clang') !== undefined,
    packages: { 'apt-get': 'clang', dnf: 'clang', apk: 'clang', pacman: 'clang' },
  },
  {
    what: 'llvm-strip',
    present: () => findProgram('llvm-strip') !== undefined,
    packages: { 'apt-get': 'llvm', dnf: 'llvm', apk: 'llvm', pacman: 'llvm' },
  },
  {
    what: 'bpftool',
    present: () => findProgram('bpftool') !== undefined,
    packages: { 'apt-get': 'bpftool', dnf: 'bpftool', apk: 'bpftool', pacman: 'bpf' },
    aptFallback: 'linux-tools-common linux-tools-generic',
  },
  {
    what: 'ip and tc',
    present: () => ['ip', 'tc'].every((program) => findProgram(program) !== undefined),
    packages: { 'apt-get': 'iproute2', dnf: 'iproute iproute-tc', apk: 'iproute2', pacman: 'iproute2' },
  },
  {
    what: 'nm and objcopy',
    present: () => ['nm', 'objcopy'].every((program) => findProgram(program) !== undefined),
    packages: { 'apt-get': 'binutils', dnf: 'binutils', apk: 'binutils', pacman: 'binutils' },
  },
  {
    what: 'xz',
    present: () => findProgram('xz') !== undefined,
    packages: { 'apt-get': 'xz-utils', dnf: 'xz', apk: 'xz', pacman: 'xz' },
  },
];

/**
 * What only tests need: a real registry, another client of registries, and who makes certificates.
 *
 * @type {readonly Requirement[]}
 */
export const TEST_REQUIREMENTS = [
  {
    what: 'docker-registry',
    present: () => findProgram('docker-registry') !== undefined,
    packages: { 'apt-get': 'docker-registry', apk: 'docker-registry' },
    service: 'docker-registry',
  },
  {
    what: 'skopeo',
    present: () => findProgram('skopeo') !== undefined,
    packages: { 'apt-get': 'skopeo', dnf: 'skopeo', apk: 'skopeo', pacman: 'skopeo' },
  },
  {
    what: 'openssl',
    present: () => findProgram('openssl') !== undefined,
    packages: { 'apt-get': 'openssl', dnf: 'openssl', apk: 'openssl', pacman: 'openssl' },
  },
];

/** @type {Record<Manager, string>} */
const INSTALL = {
  'apt-get': 'apt-get install -y --no-install-recommends',
  dnf: 'dnf install -y',
  apk: 'apk add',
  pacman: 'pacman -S --needed --noconfirm',
};

/**
 * Names what of `requirements` the system lacks.
 *
 * @param {readonly Requirement[]} requirements
 */
export function missingRequirements(requirements) {
  return requirements.filter(({ present }) => !present());
}

/**
 * Installs what the system lacks, or says how.
 *
 * @param {readonly Requirement[]} missing
 * @throws {StepFailed} with the command for this system, where it can't be run by us
 */
export async function installRequirements(missing) {
  const manager = findManager();
  if (manager === 'apt-get' && isRoot) {
    await installWithApt(missing);
    return stopServices(missing);
  }
  throw new StepFailed(installInstructions(missing, manager, isRoot));
}

/**
 * @param {readonly Requirement[]} missing
 * @param {Manager | undefined} manager
 * @param {boolean} asRoot
 */
export function installInstructions(missing, manager, asRoot) {
  const managers = manager ? [manager] : /** @type {Manager[]} */ (Object.keys(INSTALL));
  const commands = managers.flatMap((each) => {
    const packages = packageNames(missing, each).join(' ');
    return packages ? `    ${asRoot ? '' : 'sudo '}${INSTALL[each]} ${packages}` : [];
  });
  const without = missing.filter(({ packages }) => manager && packages[manager] === undefined);
  const lead = manager ? 'install it by' : 'install it by the one of these that fits your system';
  return [
    `setup: missing: ${missing.map(({ what }) => what).join(', ')}`,
    ...(commands.length > 0 ? [`setup: ${lead}`, ...commands] : []),
    ...without.map(({ what }) => `setup: no package of ${manager} is known to bring ${what}`),
  ].join('\n');
}

/**
 * @param {readonly Requirement[]} missing
 * @param {Manager} manager
 */
function packageNames(missing, manager) {
  return [...new Set(missing.flatMap(({ packages }) => packages[manager]?.split(' ') ?? []))];
}

/** @returns {Manager | undefined} */
function findManager() {
  const managers = /** @type {Manager[]} */ (Object.keys(INSTALL));
  return managers.find((manager) => findProgram(manager) !== undefined);
}

/** @param {readonly Requirement[]} missing */
async function installWithApt(missing) {
  console.log(`setup: installing Debian packages for ${missing.map(({ what }) => what).join(', ')}`);
  if (await tryAptInstall(await aptPackages(missing))) return;
  console.log('setup: refreshing the package lists (apt-get update)');
  await apt(['update', '-qq']);
  const packages = await aptPackages(missing);
  const { code, output } = await apt(aptInstallArguments(packages));
  if (code !== 0) throw new StepFailed(`${output}\nsetup: apt-get could not install ${packages.join(' ')}`);
}

/** @param {readonly string[]} packages */
async function tryAptInstall(packages) {
  const { code } = await apt(aptInstallArguments(packages));
  return code === 0;
}

/** @param {readonly string[]} packages */
function aptInstallArguments(packages) {
  // Another apt or dpkg at work, ours in a second clone included, is waited for.
  return ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages];
}

/**
 * Ends what an installation has started: we need the programs, not their services.
 *
 * @param {readonly Requirement[]} installed
 */
async function stopServices(installed) {
  const hasSystemd = existsSync('/run/systemd/system');
  for (const service of installed.flatMap((each) => each.service ?? [])) {
    if (hasSystemd) await capture('systemctl', ['disable', '--now', service]);
    else if (findProgram('service')) await capture('service', [service, 'stop']);
  }
}

/** @param {readonly string[]} args */
function apt(args) {
  return capture('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/**
 * Names the packages that this release of Debian or Ubuntu has for what is missing.
 *
 * @param {readonly Requirement[]} missing
 */
async function aptPackages(missing) {
  const chosen = await Promise.all(
    missing.map(async ({ packages, aptFallback }) => {
      const usual = packages['apt-get'] ?? '';
      if (aptFallback === undefined || (await hasCandidate(usual))) return usual;
      const [first = ''] = aptFallback.split(' ');
      return (await hasCandidate(first)) ? aptFallback : usual;
    }),
  );
  return [...new Set(chosen.flatMap((names) => names.split(' ')))];
}

/** @param {string} name */
async function hasCandidate(name) {
  const { output } = await capture('apt-cache', ['policy', name], { env: { ...process.env, LC_ALL: 'C' } });
  return /Candidate: (?!\(none\))/.test(output);
}

/** @param {string} name */
function hasLibrary(name) {
  const folders = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/local/lib', '/usr/local/lib64'];
  return [...folders, ...multiarchFolders('/usr/lib')].some((folder) => existsSync(join(folder, name)));
}

/** @param {string} name */
function hasHeader(name) {
  const folders = ['/usr/include', '/usr/local/include', ...multiarchFolders('/usr/include')];
  return folders.some((folder) => existsSync(join(folder, name)));
}

/**
 * Debian's folders for one architecture: `/usr/lib/x86_64-linux-gnu`.
 *
 * @param {string} parent
 */
function multiarchFolders(parent) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => /-linux-(gnu|musl)/.test(name))
    .map((name) => join(parent, name));
}
