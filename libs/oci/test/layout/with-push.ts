import type { Pusher, Target } from '../../src/index.ts';

/** A place for content of which one verb is another's to do. */
export function withPush(target: Target, push: Pusher['push']): Target {
  return {
    fetch: (...given) => target.fetch(...given),
    resolve: (...given) => target.resolve(...given),
    exists: (...given) => target.exists(...given),
    tag: (...given) => target.tag(...given),
    referrers: (...given) => target.referrers(...given),
    push,
  };
}
