;; Blends full-size pixels, four at a time: Σ weight × pixel + correction for the rows of one vertical segment (between two rows of
;; low-res nodes). Weights and corrections are interpolated bilinearly: first between the nodes, for each pixel of the first row, then
;; by addition from row to row. Fixed point with 20 fraction bits, weights with 26 until they're used: pixels multiply their errors by up to
;; 255. Results are rounded down after adding the offset of dither.ts.
;;
;; Planes are those of red, green and blue corrections, then of the layers' weights. Parameters, addresses and lengths in bytes:
;;   above, below   f32 nodes of the first plane, the rows above and below the segment; those of the other planes follow at intervals
;;                  of nodePlane. nodes is their number in a row
;;   down, offset   the vertical segment, see Segments in bilinearUpsampler.ts; down is nodesPerPixel
;;   tables         tables with an entry for each horizontal segment, at intervals of table: offsets (f32) and ends (i32), then four as
;;                  working memory. across is nodesPerPixel
;;   values         working memory: two i32 rows of pixels for each plane, at intervals of valueRow. First the values of all planes, then
;;                  what each row of pixels adds to them
;;   pixels         RGBA rows of the first layer; those of the other layers follow at intervals of pixelPlane
;;   out            receives the opaque rows
;;   top            index of the first row
;; In tables and rows up to three entries past the last one are read and overwritten.
(module
  (memory (export "memory") 1)

  ;; Interpolates nodes between two rows: line receives the values at the first row of pixels, slope what each row adds, both × one.
  ;; One more node before the first and one after the last repeat them.
  (func $interpolateDown
    (param $above i32) (param $below i32) (param $nodes i32) (param $one v128) (param $down f32) (param $offset f32)
    (param $line i32) (param $slope i32)
    (local $at i32) (local $end i32) (local $value v128) (local $rise v128)
    (local.set $end (i32.shl (local.get $nodes) (i32.const 2)))
    (loop $four
      (local.set $value (f32x4.mul (local.get $one) (v128.load (i32.add (local.get $above) (local.get $at)))))
      (local.set $rise
        (f32x4.mul
          (f32x4.sub
            (f32x4.mul (local.get $one) (v128.load (i32.add (local.get $below) (local.get $at))))
            (local.get $value))
          (f32x4.splat (local.get $down))))
      (v128.store offset=4 (i32.add (local.get $slope) (local.get $at)) (local.get $rise))
      (v128.store offset=4 (i32.add (local.get $line) (local.get $at))
        (f32x4.add (local.get $value) (f32x4.mul (local.get $rise) (f32x4.splat (local.get $offset)))))
      (br_if $four (i32.lt_s (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (call $repeatBorders (local.get $line) (local.get $end))
    (call $repeatBorders (local.get $slope) (local.get $end)))

  (func $repeatBorders (param $line i32) (param $length i32)
    (local $last i32)
    (local.set $last (i32.add (local.get $line) (local.get $length)))
    (f32.store (local.get $line) (f32.load offset=4 (local.get $line)))
    (f32.store offset=4 (local.get $last) (f32.load (local.get $last))))

  ;; Replaces the nodes of a line by the values at the first pixel of each horizontal segment; rises receives what each pixel adds.
  (func $interpolateAcross (param $line i32) (param $rises i32) (param $offsets i32) (param $nodes i32) (param $across f32)
    (local $last i32) (local $value v128) (local $rise v128)
    (local.set $last (i32.add (local.get $line) (i32.shl (local.get $nodes) (i32.const 2))))
    (loop $four
      (local.set $value (v128.load (local.get $line)))
      (local.set $rise
        (f32x4.mul (f32x4.sub (v128.load offset=4 (local.get $line)) (local.get $value)) (f32x4.splat (local.get $across))))
      (v128.store (local.get $rises) (i32x4.trunc_sat_f32x4_s (local.get $rise)))
      (v128.store (local.get $line)
        (i32x4.trunc_sat_f32x4_s
          (f32x4.add (local.get $value) (f32x4.mul (local.get $rise) (v128.load (local.get $offsets))))))
      (local.set $rises (i32.add (local.get $rises) (i32.const 16)))
      (local.set $offsets (i32.add (local.get $offsets) (i32.const 16)))
      (br_if $four (i32.le_s (local.tee $line (i32.add (local.get $line) (i32.const 16))) (local.get $last)))))

  ;; The values at the first four pixels of a segment.
  (func $ramp (param $value i32) (param $rise i32) (result v128)
    (i32x4.add
      (v128.load32_splat (local.get $value))
      (i32x4.mul (v128.load32_splat (local.get $rise)) (v128.const i32x4 0 1 2 3))))

  ;; Writes the values at each pixel of a row, and what the next row adds, from those at the start of each segment.
  (func $spread
    (param $line i32) (param $slope i32) (param $table i32) (param $ends i32)
    (param $values i32) (param $steps i32) (param $length i32)
    (local $x i32) (local $end i32) (local $value v128) (local $rise v128) (local $step v128) (local $stepRise v128)
    (loop $segment
      (local.set $end (i32.shl (i32.load (local.get $ends)) (i32.const 2)))
      (if (i32.lt_s (local.get $x) (local.get $end))
        (then
          (local.set $value (call $ramp (local.get $line) (i32.add (local.get $line) (local.get $table))))
          (local.set $rise (i32x4.shl (v128.load32_splat (i32.add (local.get $line) (local.get $table))) (i32.const 2)))
          (local.set $step (call $ramp (local.get $slope) (i32.add (local.get $slope) (local.get $table))))
          (local.set $stepRise (i32x4.shl (v128.load32_splat (i32.add (local.get $slope) (local.get $table))) (i32.const 2)))
          (loop $four
            (v128.store (i32.add (local.get $values) (local.get $x)) (local.get $value))
            (v128.store (i32.add (local.get $steps) (local.get $x)) (local.get $step))
            (local.set $value (i32x4.add (local.get $value) (local.get $rise)))
            (local.set $step (i32x4.add (local.get $step) (local.get $stepRise)))
            (br_if $four (i32.lt_s (local.tee $x (i32.add (local.get $x) (i32.const 16))) (local.get $end))))
          (local.set $x (local.get $end)))) ;; the next segment overwrites what was written past its end
      (local.set $line (i32.add (local.get $line) (i32.const 4)))
      (local.set $slope (i32.add (local.get $slope) (i32.const 4)))
      (local.set $ends (i32.add (local.get $ends) (i32.const 4)))
      (br_if $segment (i32.lt_s (local.get $x) (local.get $length)))))

  (func $byte (param $value v128) (result v128)
    (i32x4.max_s
      (i32x4.min_s (i32x4.shr_s (local.get $value) (i32.const 20)) (v128.const i32x4 255 255 255 255))
      (v128.const i32x4 0 0 0 0)))

  ;; Dither offsets of four pixels in a row; place is the phase of the first in the R2 sequence.
  (func $dither (param $place i32) (result v128)
    (local $places v128)
    (local.set $places
      (v128.and
        (i32x4.add (i32x4.splat (local.get $place)) (v128.const i32x4 0 791547 1583094 2374641))
        (v128.const i32x4 0xfffff 0xfffff 0xfffff 0xfffff)))
    (i32x4.add
      (i32x4.sub (local.get $places) (i32x4.shr_s (local.get $places) (i32.const 7)))
      (v128.const i32x4 4096 4096 4096 4096)))

  ;; The values at four pixels. Moves them to the next row.
  (func $take (param $value i32) (param $toStep i32) (result v128)
    (local $taken v128)
    (local.set $taken (v128.load (local.get $value)))
    (v128.store (local.get $value)
      (i32x4.add (local.get $taken) (v128.load (i32.add (local.get $value) (local.get $toStep)))))
    (local.get $taken))

  ;; Blends a row of pixels. Steps follow at toSteps bytes after values, and pixelsEnd is past the last layer.
  (func $blendRow
    (param $values i32) (param $toSteps i32) (param $valueRow i32) (param $pixels i32) (param $pixelsEnd i32) (param $pixelPlane i32)
    (param $out i32) (param $length i32) (param $place i32)
    (local $end i32) (local $value i32) (local $pixel i32) (local $dither v128) (local $low v128)
    (local $red v128) (local $green v128) (local $blue v128) (local $words v128) (local $weights v128)
    (local.set $low (v128.const i32x4 255 255 255 255))
    (local.set $end (i32.add (local.get $out) (local.get $length)))
    (loop $four
      (local.set $dither (call $dither (local.get $place)))
      (local.set $value (local.get $values))
      (local.set $red (i32x4.add (local.get $dither) (call $take (local.get $value) (local.get $toSteps))))
      (local.set $value (i32.add (local.get $value) (local.get $valueRow)))
      (local.set $green (i32x4.add (local.get $dither) (call $take (local.get $value) (local.get $toSteps))))
      (local.set $value (i32.add (local.get $value) (local.get $valueRow)))
      (local.set $blue (i32x4.add (local.get $dither) (call $take (local.get $value) (local.get $toSteps))))
      (local.set $pixel (local.get $pixels))
      (loop $layer
        (local.set $value (i32.add (local.get $value) (local.get $valueRow)))
        (local.set $weights (i32x4.shr_s (call $take (local.get $value) (local.get $toSteps)) (i32.const 6)))
        (local.set $words (v128.load (local.get $pixel)))
        (local.set $red
          (i32x4.add (local.get $red) (i32x4.mul (local.get $weights) (v128.and (local.get $words) (local.get $low)))))
        (local.set $green
          (i32x4.add (local.get $green)
            (i32x4.mul (local.get $weights)
              (v128.and (i32x4.shr_u (local.get $words) (i32.const 8)) (local.get $low)))))
        (local.set $blue
          (i32x4.add (local.get $blue)
            (i32x4.mul (local.get $weights)
              (v128.and (i32x4.shr_u (local.get $words) (i32.const 16)) (local.get $low)))))
        (br_if $layer
          (i32.lt_s (local.tee $pixel (i32.add (local.get $pixel) (local.get $pixelPlane))) (local.get $pixelsEnd))))
      (v128.store (local.get $out)
        (v128.or
          (v128.or (call $byte (local.get $red)) (i32x4.shl (call $byte (local.get $green)) (i32.const 8)))
          (v128.or
            (i32x4.shl (call $byte (local.get $blue)) (i32.const 16))
            (v128.const i32x4 0xff000000 0xff000000 0xff000000 0xff000000))))
      (local.set $values (i32.add (local.get $values) (i32.const 16)))
      (local.set $pixels (i32.add (local.get $pixels) (i32.const 16)))
      (local.set $pixelsEnd (i32.add (local.get $pixelsEnd) (i32.const 16)))
      (local.set $place (i32.add (local.get $place) (i32.const 3166188))) ;; four pixels
      (br_if $four (i32.lt_s (local.tee $out (i32.add (local.get $out) (i32.const 16))) (local.get $end)))))

  (func (export "blend")
    (param $above i32) (param $below i32) (param $nodes i32) (param $nodePlane i32) (param $down f32) (param $offset f32)
    (param $tables i32) (param $table i32) (param $across f32) (param $values i32) (param $valueRow i32)
    (param $pixels i32) (param $layers i32) (param $pixelPlane i32) (param $out i32)
    (param $width i32) (param $rows i32) (param $top i32)
    (local $ends i32) (local $line i32) (local $slope i32) (local $value i32) (local $weights i32) (local $toSteps i32) (local $length i32)
    (local.set $ends (i32.add (local.get $tables) (local.get $table)))
    (local.set $line (i32.add (local.get $ends) (local.get $table)))
    (local.set $slope (i32.add (local.get $line) (i32.shl (local.get $table) (i32.const 1))))
    (local.set $toSteps (i32.mul (i32.add (local.get $layers) (i32.const 3)) (local.get $valueRow)))
    (local.set $length (i32.shl (local.get $width) (i32.const 2)))
    (local.set $weights (i32.add (local.get $values) (i32.mul (local.get $valueRow) (i32.const 3))))
    (local.set $value (local.get $values))
    (loop $plane
      (call $interpolateDown
        (local.get $above) (local.get $below) (local.get $nodes)
        (f32x4.splat (select (f32.const 0x1p20) (f32.const 0x1p26) (i32.lt_s (local.get $value) (local.get $weights))))
        (local.get $down) (local.get $offset)
        (local.get $line) (local.get $slope))
      (call $interpolateAcross
        (local.get $line) (i32.add (local.get $line) (local.get $table)) (local.get $tables) (local.get $nodes) (local.get $across))
      (call $interpolateAcross
        (local.get $slope) (i32.add (local.get $slope) (local.get $table)) (local.get $tables) (local.get $nodes) (local.get $across))
      (call $spread
        (local.get $line) (local.get $slope) (local.get $table) (local.get $ends)
        (local.get $value) (i32.add (local.get $value) (local.get $toSteps)) (local.get $length))
      (local.set $above (i32.add (local.get $above) (local.get $nodePlane)))
      (local.set $below (i32.add (local.get $below) (local.get $nodePlane)))
      (br_if $plane
        (i32.lt_s
          (local.tee $value (i32.add (local.get $value) (local.get $valueRow)))
          (i32.add (local.get $values) (local.get $toSteps)))))
    (loop $row
      (call $blendRow
        (local.get $values) (local.get $toSteps) (local.get $valueRow)
        (local.get $pixels)
        (i32.add (local.get $pixels) (i32.mul (local.get $layers) (local.get $pixelPlane)))
        (local.get $pixelPlane)
        (local.get $out) (local.get $length) (i32.mul (local.get $top) (i32.const 597521)))
      (local.set $pixels (i32.add (local.get $pixels) (local.get $length)))
      (local.set $out (i32.add (local.get $out) (local.get $length))) ;; the next row overwrites what was written past its end
      (local.set $top (i32.add (local.get $top) (i32.const 1)))
      (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))))
