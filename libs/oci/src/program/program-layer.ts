import { EcliError, listed, printable } from '@ecli/core';
import { Annotation, type Descriptor, type Manifest } from '../types.ts';
import { PROGRAM_LAYERS, VAGUE_LAYERS } from './program-kinds.ts';

export interface ProgramLayer {
  readonly descriptor: Descriptor;
  /** The file's name as whoever pushed it has it; may be anything, also a path or nonsense. */
  readonly title?: string;
}

/** Characters of a name from outside that a message shows. */
const LONGEST = 80;

const PROGRAM_TITLE = /\.(json|wasm|o|tar)$/;

/**
 * Finds the layer that is the program: the one whose media type says so, else the one whose title does, else the
 * only one that may be. `name` is what messages call the image.
 *
 * @throws MEDIA_TYPE_UNSUPPORTED naming the layers where none is a program, or several are
 */
export function programLayerOf(
  manifest: Pick<Manifest, 'layers' | 'artifactType'>,
  name: string,
): ProgramLayer {
  for (const candidates of candidateLists(manifest.layers)) {
    const [only, second] = candidates;
    if (only && second) throw ambiguity(name, candidates);
    if (only) return describe(only);
  }
  throw absence(name, manifest);
}

/** Those that are taken for the program, in lists of which the first that isn't empty counts. */
function candidateLists(layers: readonly Descriptor[]): (readonly Descriptor[])[] {
  const vague = layers.filter(({ mediaType }) => VAGUE_LAYERS.has(mediaType));
  return [
    layers.filter(({ mediaType }) => Object.hasOwn(PROGRAM_LAYERS, mediaType)),
    vague.filter((layer) => PROGRAM_TITLE.test(titleOf(layer) ?? '')),
    vague,
  ];
}

function describe(descriptor: Descriptor): ProgramLayer {
  const title = titleOf(descriptor);
  return { descriptor, ...(title !== undefined && { title }) };
}

function titleOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[Annotation.title];
}

function ambiguity(name: string, layers: readonly Descriptor[]): EcliError {
  const message = `${printable(name)}: ${layers.length} layers that could be the program: ${named(layers)}`;
  return new EcliError('MEDIA_TYPE_UNSUPPORTED', message, {
    hint: 'ecli runs images that hold one program',
  });
}

function absence(
  name: string,
  { layers, artifactType }: Pick<Manifest, 'layers' | 'artifactType'>,
): EcliError {
  const kind = artifactType === undefined ? '' : ` (it is ${printable(short(artifactType))})`;
  const what = layers.length === 0 ? 'no layers at all' : `layers: ${named(layers)}`;
  return new EcliError('MEDIA_TYPE_UNSUPPORTED', `${printable(name)}: no program in it${kind}; ${what}`, {
    hint: 'ecli runs JSON packages, BPF objects, tar packages and Wasm modules; is this the image you meant?',
  });
}

function named(layers: readonly Descriptor[]): string {
  return listed(layers.map(spell));
}

function spell(layer: Descriptor): string {
  const type = short(layer.mediaType || 'no media type');
  const title = titleOf(layer);
  return title === undefined ? type : `${short(title)} (${type})`;
}

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
