;; Does what the field "action" of its arguments says. Numbers and texts are of fixed forms, since there is no library: the
;; first letters of the action are at a fixed place, the text is the last field, and so is the path.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "collet" "request" (func $request (param i32 i32) (result i32)))
  (import "collet" "reply" (func $reply (param i32)))
  (memory (export "memory") 2)
  ;; 0: a piece; 8: how much was read or written; 16: what calls give; 256: texts; 65536: the arguments
  (global $input i32 (i32.const 65536))
  (global $size (mut i32) (i32.const 0))
  (data (i32.const 256) "it was asked for\0athe reason is \c3\a9\f0\9f\8e\89\0a")
  (data (i32.const 320) "there is no memory left\0a")
  (data (i32.const 384) "a file cannot be opened\0a")
  (data (i32.const 448) "{\22value\22:\22")
  (data (i32.const 480) "{\22random\22:\22")
  (data (i32.const 512) "{\22ms\22:")
  (data (i32.const 544) "\22}")
  (data (i32.const 560) "}")
  (data (i32.const 576) "{\22value\22:null}")
  (data (i32.const 608) "{\22written\22:true}")
  (data (i32.const 640) "{\22text\22:\22")
  (data (i32.const 700) "{\22method\22:\22log\22,\22params\22:{\22level\22:\22warning\22,\22message\22:\22helping \c3\a9\f0\9f\8e\89\22}}")
  (data (i32.const 850) "{\22method\22:\22progress\22,\22params\22:{\22current\22:1,\22total\22:2,\22message\22:\22half\22}}")
  (data (i32.const 1000) "{\22method\22:\22memory/increment\22,\22params\22:{\22key\22:\22calls\22}}")
  (data (i32.const 1200) "{\22calls\22:")
  (data (i32.const 1216) ",\22pong\22:")
  (data (i32.const 1100) "{\22method\22:\22tools/call\22,\22params\22:{\22name\22:\22ping\22,\22arguments\22:{}}}")

  (func $write (param $file i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8))))

  (func $fail (param $at i32) (param $length i32) (param $code i32)
    (call $write (i32.const 2) (local.get $at) (local.get $length))
    (call $proc_exit (local.get $code)))

  ;; reads all of a file to an address; gives how much it was
  (func $read (param $file i32) (param $at i32) (result i32)
    (local $from i32)
    (local.set $from (local.get $at))
    (block $end
      (loop $next
        (if (i32.gt_u (i32.add (local.get $at) (i32.const 65536)) (i32.mul (memory.size) (i32.const 65536)))
          (then (br_if $end (i32.eq (memory.grow (memory.size)) (i32.const -1)))))
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (i32.const 65536))
        (br_if $end (call $fd_read (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $end (i32.eqz (i32.load (i32.const 8))))
        (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
        (br $next)))
    (i32.sub (local.get $at) (local.get $from)))

  ;; tells whether the action begins with two letters: {"action":"xy
  (func $is (param $first i32) (param $second i32) (result i32)
    (i32.and
      (i32.eq (i32.load8_u offset=11 (global.get $input)) (local.get $first))
      (i32.eq (i32.load8_u offset=12 (global.get $input)) (local.get $second))))

  ;; gives where the last text begins, which ends before the last two characters
  (func $last_text (result i32)
    (local $at i32)
    (local.set $at (i32.sub (i32.add (global.get $input) (global.get $size)) (i32.const 2)))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $next (i32.ne (i32.load8_u (local.get $at)) (i32.const 34))))
    (i32.add (local.get $at) (i32.const 1)))

  (func $last_length (result i32)
    (i32.sub (i32.sub (i32.add (global.get $input) (global.get $size)) (i32.const 2)) (call $last_text)))

  (func $open (param $flags i32) (param $rights i64) (result i32)
    (if (call $path_open (i32.const 3) (i32.const 1) (call $last_text) (call $last_length) (local.get $flags)
          (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16))
      (then (call $fail (i32.const 384) (i32.const 24) (i32.const 1))))
    (i32.load (i32.const 16)))

  ;; the one variable that was granted, if any: its value is behind the sign =
  (func $env
    (local $at i32)
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (if (i32.eqz (i32.load (i32.const 16)))
      (then (call $write (i32.const 1) (i32.const 576) (i32.const 14)) (return)))
    (drop (call $environ_get (i32.const 2000) (i32.const 3000)))
    (local.set $at (i32.const 3000))
    (loop $next
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.ne (i32.load8_u (local.get $at)) (i32.const 61))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (call $write (i32.const 1) (i32.const 448) (i32.const 10))
    (call $write (i32.const 1) (local.get $at)
      (i32.sub (i32.sub (i32.add (i32.const 3000) (i32.load (i32.const 20))) (local.get $at)) (i32.const 1)))
    (call $write (i32.const 1) (i32.const 544) (i32.const 2)))

  (func $random
    (local $at i32)
    (drop (call $random_get (i32.const 2000) (i32.const 16)))
    ;; four bits each, as letters from a on
    (loop $next
      (i32.store8 offset=2000 (local.get $at)
        (i32.add (i32.const 97) (i32.and (i32.load8_u offset=2000 (local.get $at)) (i32.const 15))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 16))))
    (call $write (i32.const 1) (i32.const 480) (i32.const 11))
    (call $write (i32.const 1) (i32.const 2000) (i32.const 16))
    (call $write (i32.const 1) (i32.const 544) (i32.const 2)))

  (func $clock
    (local $left i64)
    (local $at i32)
    (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 16)))
    (local.set $left (i64.div_u (i64.load (i32.const 16)) (i64.const 1000000)))
    (local.set $at (i32.const 2032))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $left) (i64.const 10)))))
      (local.set $left (i64.div_u (local.get $left) (i64.const 10)))
      (br_if $next (i64.ne (local.get $left) (i64.const 0))))
    (call $write (i32.const 1) (i32.const 512) (i32.const 6))
    (call $write (i32.const 1) (local.get $at) (i32.sub (i32.const 2032) (local.get $at)))
    (call $write (i32.const 1) (i32.const 560) (i32.const 1)))

  ;; the path is the last text, and the one before it is what is written: {"action":"write","text":"…","below":"…"}
  (func $write_file
    (local $file i32)
    (local $from i32)
    (local.set $file (call $open (i32.const 9) (i64.const 64)))
    (local.set $from (i32.add (global.get $input) (i32.const 26)))
    (call $write (local.get $file) (local.get $from)
      (i32.sub (i32.sub (call $last_text) (i32.const 11)) (local.get $from)))
    (call $write (i32.const 1) (i32.const 608) (i32.const 16)))

  (func $read_file
    (local $size i32)
    (local.set $size (call $read (call $open (i32.const 0) (i64.const 2)) (i32.const 2000)))
    (call $write (i32.const 1) (i32.const 640) (i32.const 9))
    (call $write (i32.const 1) (i32.const 2000) (local.get $size))
    (call $write (i32.const 1) (i32.const 544) (i32.const 2)))

  ;; sends a request, and writes what it gave: {"result":…}
  (func $write_result (param $at i32) (param $length i32)
    (local $size i32)
    (local.set $size (call $request (local.get $at) (local.get $length)))
    (call $reply (i32.const 2000))
    (call $write (i32.const 1) (i32.const 2010) (i32.sub (local.get $size) (i32.const 11))))

  (func $help
    (drop (call $request (i32.const 700) (i32.const 72)))
    (drop (call $request (i32.const 850) (i32.const 71)))
    (call $write (i32.const 1) (i32.const 1200) (i32.const 9))
    (call $write_result (i32.const 1000) (i32.const 54))
    (call $write (i32.const 1) (i32.const 1216) (i32.const 8))
    (call $write_result (i32.const 1100) (i32.const 63))
    (call $write (i32.const 1) (i32.const 560) (i32.const 1)))

  (func (export "_start")
    (global.set $size (call $read (i32.const 0) (global.get $input)))
    ;; echo and size: the arguments as they came
    (if (i32.or (call $is (i32.const 101) (i32.const 99)) (call $is (i32.const 115) (i32.const 105)))
      (then (call $write (i32.const 1) (global.get $input) (global.get $size))))
    (if (call $is (i32.const 101) (i32.const 120))
      (then (call $fail (i32.const 256) (i32.const 38) (i32.const 3))))
    (if (call $is (i32.const 116) (i32.const 114)) (then unreachable))
    (if (call $is (i32.const 108) (i32.const 111)) (then (loop $again (br $again))))
    (if (call $is (i32.const 109) (i32.const 101))
      (then
        (loop $more
          (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (call $fail (i32.const 320) (i32.const 24) (i32.const 1))))
    (if (call $is (i32.const 119) (i32.const 114)) (then (call $write_file)))
    (if (call $is (i32.const 114) (i32.const 101)) (then (call $read_file)))
    (if (call $is (i32.const 101) (i32.const 110)) (then (call $env)))
    (if (call $is (i32.const 114) (i32.const 97)) (then (call $random)))
    (if (call $is (i32.const 99) (i32.const 108)) (then (call $clock)))
    (if (call $is (i32.const 104) (i32.const 101)) (then (call $help)))))
