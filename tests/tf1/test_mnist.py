"""The old MNIST reader: what it hands out, in which order, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from unrolled.tf1.examples.tutorials.mnist import input_data

import unrolled.tf1 as tf
from unrolled import mnist


def data_set(n, seed=None):
    """N pictures of one pixel that bear their own number, as their labels do."""
    numbers = np.arange(n)
    return input_data.DataSet(numbers.astype(np.float32)[:, None], numbers.astype(np.uint8), seed)


def epoch_of(data, batch_size, count, **keywords):
    """The numbers of `count` batches, one after the other."""
    numbers = []
    for _ in range(count):
        images, labels = data.next_batch(batch_size, **keywords)
        assert images.shape == (batch_size, 1) and labels.shape == (batch_size,)
        np.testing.assert_array_equal(images[:, 0], labels)
        numbers += labels.tolist()
    return numbers


# Batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 4, 12])
def test_an_epoch_holds_every_example_once(batch_size):
    data = data_set(12, seed=3)
    orders = []
    for epoch in range(3):
        assert data.epochs_completed == max(0, epoch - 1)  # counted when the next one begins
        orders.append(epoch_of(data, batch_size, 12 // batch_size))
        assert sorted(orders[-1]) == list(range(12))
    assert data.epochs_completed == 2
    assert len({tuple(order) for order in orders}) == 3  # shuffled anew each time
    assert list(range(12)) not in orders


def test_without_shuffling_the_order_is_that_of_the_file():
    data = data_set(12)
    assert epoch_of(data, 4, 6, shuffle=False) == [*range(12), *range(12)]
    assert data.epochs_completed == 1
    assert data.num_examples == 12


def test_a_batch_across_the_end_of_an_epoch():
    data = data_set(5)
    numbers = epoch_of(data, 3, 5, shuffle=False)
    assert numbers == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    assert data.epochs_completed == 2

    data, numbers = data_set(5, seed=1), []
    for batch in range(1, 6):
        numbers += epoch_of(data, 3, 1)
        assert data.epochs_completed == (3 * batch - 1) // 5
    assert [sorted(numbers[i : i + 5]) for i in (0, 5, 10)] == [list(range(5))] * 3


def test_a_seed_repeats_the_order():
    one, two, other = (epoch_of(data_set(12, seed), 4, 7) for seed in (5, 5, 6))
    assert one == two != other
    assert epoch_of(data_set(12), 4, 3) != epoch_of(data_set(12), 4, 3)  # none: as it comes


def test_mistakes():
    with pytest.raises(ValueError, match="batch_size must be at most .* examples, 5; got 6"):
        data_set(5).next_batch(6)
    with pytest.raises(ValueError, match="of the same number; got 2 images and 3 labels"):
        input_data.DataSet(np.zeros([2, 1]), np.zeros(3))
    with pytest.raises(ValueError, match="fake_data must be False: .*; got True"):
        data_set(5).next_batch(2, fake_data=True)
    with pytest.raises(ValueError, match="fake_data must be False: .*; got True"):
        input_data.read_data_sets("MNIST_data", fake_data=True)
    with pytest.raises(ValueError, match="dtype must be float32 or uint8; got tf.int32"):
        input_data.read_data_sets("MNIST_data", dtype=tf.int32)


# Reading, from made data ----------------------------------------------------------------------


@pytest.fixture
def made(monkeypatch):
    """MNIST with 30 pictures in its training file and 10 in the other."""
    random = np.random.RandomState(0)

    def split(n):
        pixels = random.randint(256, size=[n, 28, 28]).astype(np.uint8)
        images = np.divide(pixels, 255, dtype=np.float32)
        return pixels, mnist.Split(images, random.randint(10, size=n).astype(np.int64))

    (a, validation), (b, train), (c, test) = split(20), split(10), split(10)
    monkeypatch.setattr(mnist, "load", lambda: mnist.MNIST(train, validation, test))
    pixels = np.concatenate([a, b]), c
    return pixels, (np.concatenate([validation.labels, train.labels]), test.labels)


@pytest.mark.parametrize("size", [0, 7, 20, 30])
def test_the_validation_images_come_from_the_front(made, size):
    (pixels, test_pixels), (labels, test_labels) = made
    read = input_data.read_data_sets("MNIST_data/", dtype=tf.uint8, validation_size=size)
    for data, first, last in ((read.validation, 0, size), (read.train, size, 30)):
        assert data.num_examples == last - first
        np.testing.assert_array_equal(data.images, pixels[first:last].reshape(-1, 784))
        np.testing.assert_array_equal(data.labels, labels[first:last])
    np.testing.assert_array_equal(read.test.images, test_pixels.reshape(-1, 784))
    np.testing.assert_array_equal(read.test.labels, test_labels)
    assert read.test.images.dtype == read.test.labels.dtype == np.uint8


def test_the_options(made):
    (pixels, _), (labels, _) = made
    plain = input_data.read_data_sets("MNIST_data/", validation_size=20).validation
    assert (plain.images.shape, plain.images.dtype) == ((20, 784), np.float32)
    np.testing.assert_allclose(plain.images, pixels[:20].reshape(20, 784) / 255, rtol=1e-6)
    assert (plain.labels.shape, plain.labels.dtype) == ((20,), np.uint8)

    other = input_data.read_data_sets("d", False, True, tf.float32, False, 20).validation
    assert other.images.shape == (20, 28, 28, 1)
    np.testing.assert_array_equal(other.images[..., 0], plain.images.reshape(20, 28, 28))
    assert (other.labels.shape, other.labels.dtype) == ((20, 10), np.float64)
    assert (other.labels.sum(1) == 1).all()
    np.testing.assert_array_equal(other.labels.argmax(1), labels[:20])
    images, one_hot = other.next_batch(4, shuffle=False)
    assert (images.shape, one_hot.shape) == ((4, 28, 28, 1), (4, 10))


def test_a_seed_for_the_reader(made):
    def batch(**keywords):
        read = input_data.read_data_sets("d", validation_size=0, **keywords)
        return read.train.next_batch(30)[0]

    np.testing.assert_array_equal(batch(seed=1), batch(seed=1))
    assert (batch(seed=1) != batch(seed=2)).any()


@pytest.mark.parametrize("size", [-1, 31])
def test_a_validation_size_that_cannot_be(made, size):
    with pytest.raises(ValueError, match=rf"validation_size must lie in 0\.\.30.*got {size}"):
        input_data.read_data_sets("MNIST_data", validation_size=size)


# The real data --------------------------------------------------------------------------------


@pytest.mark.real_data
def test_the_real_data():
    read = input_data.read_data_sets("./mnist", one_hot=False)
    assert read._fields == ("train", "validation", "test")
    assert [data.num_examples for data in read] == [55_000, 5_000, 10_000]
    assert [data.images.shape for data in read] == [(n, 784) for n in (55_000, 5_000, 10_000)]
    assert [data.labels.shape for data in read] == [(n,) for n in (55_000, 5_000, 10_000)]
    assert {data.images.dtype for data in read} == {np.dtype(np.float32)}
    assert {data.labels.dtype for data in read} == {np.dtype(np.uint8)}
    for data, today in zip(read, mnist.load()):
        np.testing.assert_array_equal(data.labels, today.labels)
        np.testing.assert_array_equal(data.images[::97], today.images[::97].reshape(-1, 784))
    assert read.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    images, labels = read.train.next_batch(128)
    assert (images.shape, labels.shape) == ((128, 784), (128,))
    assert (images.min(), images.max()) == (0.0, 1.0)


@pytest.mark.real_data
def test_the_real_data_in_its_other_form():
    read = input_data.read_data_sets(
        "./mnist", one_hot=True, dtype=tf.uint8, reshape=False, validation_size=0
    )
    assert [data.images.shape[0] for data in read] == [60_000, 0, 10_000]
    assert read.train.images.shape[1:] == (28, 28, 1)
    assert (read.train.images.dtype, read.train.images.max()) == (np.uint8, 255)
    assert read.train.labels[:5].argmax(1).tolist() == [5, 0, 4, 1, 9]
    images = mnist.read_idx(mnist.fetch() / "train-images-idx3-ubyte")
    np.testing.assert_array_equal(read.train.images[..., 0], images)  # the file's own bytes
