import type { SampleMemory } from '@ecli/btf';
import type { FrameSource } from '@ecli/symbols';
import type { StackFields, StackPlace } from './stack-fields.ts';

const ADDRESS_BYTES = 8;
/** Deeper than any stack that the kernel walks unless it is told to (kernel.perf_event_max_stack is 127). */
const MOST_FRAMES = 1024;

/** Takes stacks out of samples and names their frames. What the last `read` found stays until the next. */
export class StackReader<R> {
  pid = 0;
  cpu = 0;
  /** What was made of the frames, the innermost first; empty where the kernel had no stack to give. */
  readonly kernel: R[] = [];
  readonly user: R[] = [];
  private hasToldCut = false;

  /** `say` takes lines for people. */
  constructor(
    readonly fields: StackFields,
    private readonly frames: FrameSource<R>,
    private readonly say: (line: string) => void,
  ) {}

  /** The most frames of both stacks together. */
  get mostFrames(): number {
    const { kernel, user } = this.fields;
    return room(kernel) + room(user);
  }

  /** Reads the sample at `sample` of `memory`. */
  read({ view }: SampleMemory, sample: number): void {
    const { frames, kernel, user, fields } = this;
    this.pid = fields.readPid(view, sample);
    this.cpu = fields.readCpu(view, sample);
    kernel.length = 0;
    user.length = 0;
    const kernelDepth = this.depth(view, sample, fields.kernel);
    for (let index = 0; index < kernelDepth; index++) {
      const at = sample + fields.kernel.offset + index * ADDRESS_BYTES;
      kernel.push(frames.kernel(view.getInt32(at, true), view.getInt32(at + 4, true)));
    }
    const userDepth = this.depth(view, sample, fields.user);
    if (userDepth === 0) return;
    const process = frames.process(this.pid);
    for (let index = 0; index < userDepth; index++) {
      const at = sample + fields.user.offset + index * ADDRESS_BYTES;
      user.push(process.frame(view.getInt32(at, true), view.getInt32(at + 4, true)));
    }
  }

  private depth(view: DataView, sample: number, place: StackPlace): number {
    const size = place.readSize(view, sample);
    if (size <= 0) return 0;
    const depth = Math.floor(size / ADDRESS_BYTES);
    const most = room(place);
    if (depth <= most) return depth;
    if (!this.hasToldCut) this.tellCut(size, place);
    return most;
  }

  private tellCut(size: number, place: StackPlace): void {
    this.hasToldCut = true;
    const { names, kernel } = this.fields;
    const [stack, member] = place === kernel ? ['kernel', names.kstack] : ['user', names.ustack];
    this.say(
      `a ${stack} stack says it has ${size} bytes, ${room(place) * ADDRESS_BYTES} of ${member} are shown`,
    );
  }
}

/** Frames that a stack's member has room for, of which so many are shown. */
function room({ slots }: StackPlace): number {
  return Math.min(slots, MOST_FRAMES);
}
