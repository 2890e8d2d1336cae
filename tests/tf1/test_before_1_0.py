"""Names and orders of arguments from before 1.0 that no other test uses."""

from __future__ import annotations

import numpy as np
import pytest

import unrolled.tf1 as tf


def value(tensor):
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("batch_cholesky", "cholesky"),
        ("batch_fft2d", "fft2d"),
        ("batch_matrix_band_part", "matrix_band_part"),
        ("batch_matrix_determinant", "matrix_determinant"),
        ("batch_matrix_diag", "matrix_diag"),
        ("batch_matrix_inverse", "matrix_inverse"),
        ("batch_matrix_solve", "matrix_solve"),
        ("batch_matrix_transpose", "matrix_transpose"),
        ("batch_self_adjoint_eigvals", "self_adjoint_eigvals"),
        ("listdiff", "setdiff1d"),
    ],
)
def test_renamed(old, new):
    assert getattr(tf, old) is getattr(tf, new)


def test_renamed_inside_modules():
    assert tf.nn.deconv2d is tf.nn.conv2d_transpose
    assert tf.image.per_image_whitening is tf.image.per_image_standardization
    assert tf.contrib.deprecated.scalar_summary is tf.scalar_summary
    assert tf.contrib.deprecated.merge_all_summaries is tf.merge_all_summaries
    from unrolled.tf1.python.ops import array_ops, math_ops

    assert array_ops.pack is tf.pack and array_ops.concat is tf.concat
    assert math_ops.batch_matmul is tf.batch_matmul


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        (([False, True],), {}, [[2, 1], [4, 3]]),
        (([True, True],), {}, [[4, 3], [2, 1]]),
        ((), {"dims": [True, False]}, [[3, 4], [1, 2]]),
        (([0],), {}, [[3, 4], [1, 2]]),
        ((), {"axis": [1]}, [[2, 1], [4, 3]]),
    ],
)
def test_reverse_takes_both_kinds_of_axes(arguments, options, expected):
    reversed_ = tf.reverse(tf.constant([[1, 2], [3, 4]]), *arguments, **options)
    assert value(reversed_).tolist() == expected


@pytest.mark.parametrize("loss", [tf.nn.sampled_softmax_loss, tf.nn.nce_loss])
def test_sampled_losses_tell_labels_from_inputs(loss):
    random = np.random.RandomState(0)
    weights, inputs = (tf.constant(random.randn(*shape), tf.float32) for shape in [(9, 3), (4, 3)])
    labels = tf.constant(random.randint(0, 9, [4, 1]))
    sampled = ([1, 5], tf.ones([4, 1]), tf.ones([2]))
    first = loss(weights, tf.zeros([9]), labels, inputs, 2, 9, sampled_values=sampled)
    before_1_0 = loss(weights, tf.zeros([9]), inputs, labels, 2, 9, sampled_values=sampled)
    by_name = loss(
        weights=weights,
        biases=tf.zeros([9]),
        inputs=inputs,
        labels=labels,
        num_sampled=2,
        num_classes=9,
        sampled_values=sampled,
    )
    first, before_1_0, by_name = value([first, before_1_0, by_name])
    np.testing.assert_array_equal(first, before_1_0)
    np.testing.assert_array_equal(first, by_name)
