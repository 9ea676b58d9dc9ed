/**
 * How JavaScript values become C's. Pointers are plain numbers: user addresses have at most 47 bits, 56 with
 * five-level paging on request only, and 0 is NULL. `bytes` passes the address of a Buffer's memory.
 */
export type Parameter = 'int' | 'uint' | 'size' | 'pointer' | 'string' | 'bytes';

/**
 * What comes back. However a function reports failure in C, here it is the negative errno:
 * `int` already has it (libbpf since 1.0), `status` is -1 and errno, `handle` NULL and errno,
 * `mapping` MAP_FAILED and errno. The others don't fail.
 */
export type Returns =
  'int' | 'status' | 'handle' | 'mapping' | 'pointer' | 'size' | 'uint' | 'string' | 'void';

/** What comes back, then what is passed. */
export type Signature = readonly [Returns, ...Parameter[]];

/**
 * libbpf 1.x, https://github.com/libbpf/libbpf/blob/v1.1.2/src/libbpf.h and bpf.h; every function here is
 * in libbpf.so.1 since 1.0.
 */
export const LIBBPF = {
  // libbpf_print_fn_t libbpf_set_print(int (*)(enum libbpf_print_level, const char *, va_list))
  libbpf_set_print: ['pointer', 'pointer'],
  // int libbpf_probe_bpf_prog_type(enum bpf_prog_type, const void *opts)
  libbpf_probe_bpf_prog_type: ['int', 'int', 'pointer'],
  // int libbpf_probe_bpf_map_type(enum bpf_map_type, const void *opts)
  libbpf_probe_bpf_map_type: ['int', 'int', 'pointer'],
  // const char *libbpf_bpf_prog_type_str(enum bpf_prog_type)
  libbpf_bpf_prog_type_str: ['pointer', 'int'],
  // int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type)
  libbpf_find_vmlinux_btf_id: ['int', 'string', 'int'],
  // int bpf_prog_load(enum bpf_prog_type, const char *name, const char *license, const struct bpf_insn *,
  //                   size_t insn_cnt, const struct bpf_prog_load_opts *)
  bpf_prog_load: ['int', 'int', 'string', 'string', 'bytes', 'size', 'bytes'],
  // int bpf_raw_tracepoint_open(const char *name, int prog_fd)
  bpf_raw_tracepoint_open: ['int', 'pointer', 'int'],

  // struct bpf_object *bpf_object__open_mem(const void *, size_t, const struct bpf_object_open_opts *)
  bpf_object__open_mem: ['handle', 'bytes', 'size', 'bytes'],
  // int bpf_object__load(struct bpf_object *)
  bpf_object__load: ['int', 'pointer'],
  // void bpf_object__close(struct bpf_object *)
  bpf_object__close: ['void', 'pointer'],
  // struct bpf_program *bpf_object__next_program(const struct bpf_object *, struct bpf_program *)
  bpf_object__next_program: ['pointer', 'pointer', 'pointer'],
  // struct bpf_map *bpf_object__next_map(const struct bpf_object *, const struct bpf_map *)
  bpf_object__next_map: ['pointer', 'pointer', 'pointer'],

  // const char *bpf_program__name(const struct bpf_program *)
  bpf_program__name: ['string', 'pointer'],
  // const char *bpf_program__section_name(const struct bpf_program *)
  bpf_program__section_name: ['string', 'pointer'],
  // enum bpf_prog_type bpf_program__type(const struct bpf_program *)
  bpf_program__type: ['int', 'pointer'],
  // int bpf_program__set_log_level(struct bpf_program *, __u32 log_level)
  bpf_program__set_log_level: ['int', 'pointer', 'uint'],
  // int bpf_program__fd(const struct bpf_program *)
  bpf_program__fd: ['int', 'pointer'],
  // bool bpf_program__autoload(const struct bpf_program *)
  bpf_program__autoload: ['int', 'pointer'],
  // int bpf_program__set_autoload(struct bpf_program *, bool)
  bpf_program__set_autoload: ['int', 'pointer', 'int'],
  // enum bpf_attach_type bpf_program__expected_attach_type(const struct bpf_program *)
  bpf_program__expected_attach_type: ['int', 'pointer'],
  // int bpf_program__set_type(struct bpf_program *, enum bpf_prog_type)
  bpf_program__set_type: ['int', 'pointer', 'int'],
  // int bpf_program__set_expected_attach_type(struct bpf_program *, enum bpf_attach_type)
  bpf_program__set_expected_attach_type: ['int', 'pointer', 'int'],
  // void bpf_program__set_ifindex(struct bpf_program *, __u32 ifindex)
  bpf_program__set_ifindex: ['void', 'pointer', 'uint'],
  // struct bpf_link *bpf_program__attach(const struct bpf_program *)
  bpf_program__attach: ['handle', 'pointer'],
  // struct bpf_link *bpf_program__attach_tracepoint(const struct bpf_program *, const char *category,
  //                                                 const char *name)
  bpf_program__attach_tracepoint: ['handle', 'pointer', 'string', 'string'],
  // struct bpf_link *bpf_program__attach_raw_tracepoint(const struct bpf_program *, const char *name)
  bpf_program__attach_raw_tracepoint: ['handle', 'pointer', 'string'],
  // struct bpf_link *bpf_program__attach_kprobe_opts(const struct bpf_program *, const char *function,
  //                                                  const struct bpf_kprobe_opts *)
  bpf_program__attach_kprobe_opts: ['handle', 'pointer', 'string', 'bytes'],
  // struct bpf_link *bpf_program__attach_kprobe_multi_opts(const struct bpf_program *, const char *pattern,
  //                                                        const struct bpf_kprobe_multi_opts *)
  bpf_program__attach_kprobe_multi_opts: ['handle', 'pointer', 'string', 'bytes'],
  // struct bpf_link *bpf_program__attach_ksyscall(const struct bpf_program *, const char *system_call,
  //                                               const struct bpf_ksyscall_opts *)
  bpf_program__attach_ksyscall: ['handle', 'pointer', 'string', 'bytes'],
  // struct bpf_link *bpf_program__attach_uprobe_opts(const struct bpf_program *, pid_t, const char *binary,
  //                                                  size_t offset, const struct bpf_uprobe_opts *)
  bpf_program__attach_uprobe_opts: ['handle', 'pointer', 'int', 'string', 'size', 'bytes'],
  // struct bpf_link *bpf_program__attach_usdt(const struct bpf_program *, pid_t, const char *binary,
  //                                           const char *provider, const char *name, const struct bpf_usdt_opts *)
  bpf_program__attach_usdt: ['handle', 'pointer', 'int', 'string', 'string', 'string', 'pointer'],
  // struct bpf_link *bpf_program__attach_perf_event(const struct bpf_program *, int perf_event_fd)
  bpf_program__attach_perf_event: ['handle', 'pointer', 'int'],
  // struct bpf_link *bpf_program__attach_iter(const struct bpf_program *, const struct bpf_iter_attach_opts *)
  bpf_program__attach_iter: ['handle', 'pointer', 'bytes'],
  // int bpf_program__set_attach_target(struct bpf_program *, int program_fd, const char *function)
  bpf_program__set_attach_target: ['int', 'pointer', 'int', 'string'],
  // int bpf_program__set_flags(struct bpf_program *, __u32 flags)
  bpf_program__set_flags: ['int', 'pointer', 'uint'],
  // struct bpf_link *bpf_map__attach_struct_ops(const struct bpf_map *)
  bpf_map__attach_struct_ops: ['handle', 'pointer'],
  // int bpf_iter_create(int link_fd)
  bpf_iter_create: ['int', 'int'],
  // int bpf_link__fd(const struct bpf_link *)
  bpf_link__fd: ['int', 'pointer'],
  // int bpf_link__destroy(struct bpf_link *)
  bpf_link__destroy: ['int', 'pointer'],

  // const char *bpf_map__name(const struct bpf_map *)
  bpf_map__name: ['string', 'pointer'],
  // enum bpf_map_type bpf_map__type(const struct bpf_map *)
  bpf_map__type: ['int', 'pointer'],
  // int bpf_map__set_pin_path(struct bpf_map *, const char *path)
  bpf_map__set_pin_path: ['int', 'pointer', 'pointer'],
  // __u32 bpf_map__key_size(const struct bpf_map *)
  bpf_map__key_size: ['uint', 'pointer'],
  // __u32 bpf_map__value_size(const struct bpf_map *)
  bpf_map__value_size: ['uint', 'pointer'],
  // int bpf_map__set_value_size(struct bpf_map *, __u32 size)
  bpf_map__set_value_size: ['int', 'pointer', 'uint'],
  // __u32 bpf_map__max_entries(const struct bpf_map *)
  bpf_map__max_entries: ['uint', 'pointer'],
  // int bpf_map__fd(const struct bpf_map *)
  bpf_map__fd: ['int', 'pointer'],
  // __u32 bpf_map__map_flags(const struct bpf_map *)
  bpf_map__map_flags: ['uint', 'pointer'],
  // int bpf_map__set_map_flags(struct bpf_map *, __u32 flags)
  bpf_map__set_map_flags: ['int', 'pointer', 'uint'],
  // int bpf_map__set_ifindex(struct bpf_map *, __u32 ifindex)
  bpf_map__set_ifindex: ['int', 'pointer', 'uint'],
  // bool bpf_map__is_internal(const struct bpf_map *)
  bpf_map__is_internal: ['int', 'pointer'],
  // int bpf_map__set_initial_value(struct bpf_map *, const void *, size_t)
  bpf_map__set_initial_value: ['int', 'pointer', 'bytes', 'size'],
  // void *bpf_map__initial_value(struct bpf_map *, size_t *)
  bpf_map__initial_value: ['pointer', 'pointer', 'bytes'],

  // int bpf_prog_get_fd_by_id(__u32 id)
  bpf_prog_get_fd_by_id: ['int', 'uint'],
  // int bpf_obj_get_info_by_fd(int bpf_fd, void *info, __u32 *info_len)
  bpf_obj_get_info_by_fd: ['int', 'int', 'bytes', 'bytes'],
  // int bpf_xdp_attach(int ifindex, int prog_fd, __u32 flags, const struct bpf_xdp_attach_opts *)
  bpf_xdp_attach: ['int', 'int', 'int', 'uint', 'bytes'],
  // int bpf_xdp_query(int ifindex, int flags, struct bpf_xdp_query_opts *)
  bpf_xdp_query: ['int', 'int', 'int', 'bytes'],
  // int bpf_tc_hook_create(struct bpf_tc_hook *)
  bpf_tc_hook_create: ['int', 'bytes'],
  // int bpf_tc_hook_destroy(struct bpf_tc_hook *)
  bpf_tc_hook_destroy: ['int', 'bytes'],
  // int bpf_tc_attach(const struct bpf_tc_hook *, struct bpf_tc_opts *)
  bpf_tc_attach: ['int', 'bytes', 'bytes'],
  // int bpf_tc_detach(const struct bpf_tc_hook *, const struct bpf_tc_opts *)
  bpf_tc_detach: ['int', 'bytes', 'bytes'],

  // int bpf_map_get_fd_by_id(__u32 id)
  bpf_map_get_fd_by_id: ['int', 'uint'],
  // int bpf_obj_get(const char *path)
  bpf_obj_get: ['int', 'string'],
  // int bpf_map_lookup_elem(int fd, const void *key, void *value)
  bpf_map_lookup_elem: ['int', 'int', 'pointer', 'pointer'],
  // int bpf_map_lookup_and_delete_elem(int fd, const void *key, void *value)
  bpf_map_lookup_and_delete_elem: ['int', 'int', 'pointer', 'pointer'],
  // int bpf_map_update_elem(int fd, const void *key, const void *value, __u64 flags)
  bpf_map_update_elem: ['int', 'int', 'pointer', 'pointer', 'size'],
  // int bpf_map_delete_elem(int fd, const void *key)
  bpf_map_delete_elem: ['int', 'int', 'pointer'],
  // int bpf_map_get_next_key(int fd, const void *key, void *next_key)
  bpf_map_get_next_key: ['int', 'int', 'pointer', 'pointer'],
  // int bpf_map_lookup_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values, __u32 *count,
  //                          const struct bpf_map_batch_opts *)
  bpf_map_lookup_batch: ['int', 'int', 'pointer', 'pointer', 'pointer', 'pointer', 'bytes', 'pointer'],
  // int bpf_map_lookup_and_delete_batch(int fd, void *in_batch, void *out_batch, void *keys, void *values,
  //                                     __u32 *count, const struct bpf_map_batch_opts *)
  bpf_map_lookup_and_delete_batch: [
    'int',
    'int',
    'pointer',
    'pointer',
    'pointer',
    'pointer',
    'bytes',
    'pointer',
  ],

  // struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt, perf_buffer_sample_fn sample_cb,
  //                                      perf_buffer_lost_fn lost_cb, void *, const struct perf_buffer_opts *)
  perf_buffer__new: ['handle', 'int', 'size', 'pointer', 'pointer', 'pointer', 'pointer'],
  // void perf_buffer__free(struct perf_buffer *)
  perf_buffer__free: ['void', 'pointer'],
  // int perf_buffer__epoll_fd(const struct perf_buffer *)
  perf_buffer__epoll_fd: ['int', 'pointer'],
  // size_t perf_buffer__buffer_cnt(const struct perf_buffer *)
  perf_buffer__buffer_cnt: ['size', 'pointer'],
  // int perf_buffer__buffer(struct perf_buffer *, int index, void **buf, size_t *buf_size)
  perf_buffer__buffer: ['int', 'pointer', 'int', 'bytes', 'bytes'],
} as const satisfies Record<string, Signature>;

/** libc, the sections 2 and 3 of the Linux man pages; glibc and musl have all of it. */
export const LIBC = {
  // void *dlsym(void *handle, const char *symbol)
  dlsym: ['pointer', 'pointer', 'string'],
  // size_t strlen(const char *)
  strlen: ['size', 'pointer'],
  // int fcntl(int fd, int cmd, …), with an int behind
  fcntl: ['status', 'int', 'int', 'int'],
  // long syscall(long number, ...), here for bpf(2): int cmd, union bpf_attr *attr, unsigned int size
  syscall: ['status', 'size', 'int', 'bytes', 'uint'],
  // int setns(int fd, int nstype)
  setns: ['status', 'int', 'int'],
  // int socket(int domain, int type, int protocol)
  socket: ['status', 'int', 'int', 'int'],
  // int bind(int sockfd, const struct sockaddr *addr, socklen_t addrlen)
  bind: ['status', 'int', 'bytes', 'uint'],
  // int setsockopt(int sockfd, int level, int optname, const void *optval, socklen_t optlen)
  setsockopt: ['status', 'int', 'int', 'int', 'bytes', 'uint'],
  // int getsockname(int sockfd, struct sockaddr *addr, socklen_t *addrlen)
  getsockname: ['status', 'int', 'bytes', 'bytes'],
  // unsigned int if_nametoindex(const char *ifname)
  if_nametoindex: ['uint', 'string'],
  // char *if_indextoname(unsigned int ifindex, char *ifname)
  if_indextoname: ['pointer', 'uint', 'bytes'],
  // int close(int fd)
  close: ['status', 'int'],
  // int memfd_create(const char *name, unsigned int flags)
  memfd_create: ['status', 'string', 'uint'],
  // int getpagesize(void)
  getpagesize: ['int'],
  // int eventfd(unsigned int initval, int flags)
  eventfd: ['status', 'uint', 'int'],
  // int epoll_create1(int flags)
  epoll_create1: ['status', 'int'],
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *)
  epoll_ctl: ['status', 'int', 'int', 'int', 'bytes'],
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: ['mapping', 'pointer', 'size', 'int', 'int', 'int', 'size'],
  // int mprotect(void *addr, size_t length, int prot)
  mprotect: ['status', 'pointer', 'size', 'int'],
  // void *memcpy(void *to, const void *from, size_t)
  memcpy: ['pointer', 'pointer', 'bytes', 'size'],
  // int munmap(void *addr, size_t length)
  munmap: ['status', 'pointer', 'size'],
} as const satisfies Record<string, Signature>;
