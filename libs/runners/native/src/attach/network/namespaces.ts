import {
  attachNetfilter,
  attachToNamespace,
  inNetworkNamespace,
  NETFILTER_FAMILIES,
  NETFILTER_HOOKS,
} from '@ecli/bpf';
import type { Attachment, AttachRequest, PlanContext } from '../attachment.ts';
import { numberOption, parseTarget, targetError, targetNeeded } from './target.ts';

/** The path or name of a network namespace; that of `--netns`, or ecli's own, without one. */
export function planNamespace(
  { program, asked }: AttachRequest,
  { spec: { netns } }: PlanContext,
): Attachment {
  const path = asked ?? netns;
  inNetworkNamespace(path, () => undefined);
  const title = `network namespace ${path ?? 'of ecli'}`;
  return {
    program,
    where: `${title} (${program.section})`,
    place: { title, isThere: () => inNetworkNamespace(path, () => true) },
    attach: () => attachToNamespace(program, path),
  };
}

/** `ipv4/input[,priority=N][,defrag]` */
export function planNetfilter(request: AttachRequest, { spec: { netns } }: PlanContext): Attachment {
  const { program } = request;
  if (request.asked === undefined) throw targetNeeded(request, 'a hook', 'ipv4/input');
  const target = parseTarget(request, { options: ['priority', 'defrag'] });
  const [familyName, hookName, ...rest] = target.place.split('/');
  const family = NETFILTER_FAMILIES.find((each) => each === familyName);
  const hook = NETFILTER_HOOKS.find((each) => each === hookName);
  if (!family || !hook || rest.length > 0) {
    const hint = `a hook is ${NETFILTER_FAMILIES.join(' or ')}, a slash, and one of ${NETFILTER_HOOKS.join(', ')}`;
    throw targetError(request, 'is no hook of netfilter', hint);
  }
  const range = { otherwise: 0, least: -0x80000000, most: 0x7fffffff };
  const priority = numberOption(request, target, 'priority', range);
  const defragment = target.options.has('defrag');
  return {
    program,
    where: `netfilter ${family}/${hook}, priority ${priority}${netns === undefined ? '' : ` in ${netns}`}`,
    attach: () => attachNetfilter(program, { family, hook, priority, defragment, namespace: netns }),
  };
}
