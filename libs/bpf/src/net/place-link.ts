import { bindings } from '../bindings.ts';
import { DescriptorLink } from '../descriptor-link.ts';

/** The greatest of `struct bpf_link_info` that any kernel here asks for; older ones fill less. */
const INFO_BYTES = 64;

/** A BPF link to an interface, a cgroup or a network namespace, which the kernel cuts off when that goes. */
export class PlaceLink extends DescriptorLink {
  /**
   * The number of the place is 0 then (linux/bpf.h, `struct bpf_link_info`):
   *
   *     16  __u32 ifindex (xdp, tcx, netkit), __u32 netns_ino or the lower half of __u64 cgroup_id
   */
  isDefunct(): boolean {
    const info = Buffer.alloc(INFO_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(info.length);
    const result = bindings().libbpf.bpf_obj_get_info_by_fd(this.descriptor, info, length);
    return result === 0 && info.readUInt32LE(16) === 0;
  }
}
