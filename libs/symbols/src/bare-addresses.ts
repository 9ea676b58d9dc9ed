import { addressDigits, type Frame, type FrameSource, type StackSymbols } from './frame.ts';

/** Frames that are addresses and nothing else. */
export class BareAddresses<R> implements FrameSource<R> {
  private readonly user: StackSymbols<R>;

  constructor(private readonly render: (frame: Frame) => R) {
    this.user = { frame: (low, high) => render({ space: 'user', address: addressDigits(low, high) }) };
  }

  kernel(low: number, high: number): R {
    return this.render({ space: 'kernel', address: addressDigits(low, high) });
  }

  process(): StackSymbols<R> {
    return this.user;
  }
}
