import { AddressMap } from './address-map.ts';
import { addressDigits, type Frame, type FrameSource, type StackSymbols } from './frame.ts';

const MOST_FRAMES = 100_000;

/** Frames that are addresses and nothing else. What `render` made of them is kept, as far as there is room. */
export class BareAddresses<R> implements FrameSource<R> {
  private readonly kernelFrames = new AddressMap<R>();
  private readonly userFrames = new AddressMap<R>();
  private readonly user: StackSymbols<R>;

  constructor(private readonly render: (frame: Frame) => R) {
    this.user = { frame: (low, high) => this.frame('user', this.userFrames, low, high) };
  }

  kernel(low: number, high: number): R {
    return this.frame('kernel', this.kernelFrames, low, high);
  }

  process(): StackSymbols<R> {
    return this.user;
  }

  private frame(space: Frame['space'], frames: AddressMap<R>, low: number, high: number): R {
    const known = frames.get(low, high);
    if (known !== undefined) return known;
    const rendered = this.render({ space, address: addressDigits(low, high) });
    if (frames.size >= MOST_FRAMES) frames.clear();
    frames.set(low, high, rendered);
    return rendered;
  }
}
