"""Around training: `tf.train.Saver`, `tf.contrib.training`, `tf.contrib.opt`, `tf.estimator`.

A file is called as what it holds was called in TensorFlow 1:

    saver              tf.train.Saver, which restores what releases before 1.2 wrote
    hparams            tf.contrib.training: HParams
    bucketing          tf.contrib.training: buckets and sampling on queues
    contrib_opt        tf.contrib.opt: Nadam, lazy Adam, decay of weights
    scipy_optimizer    tf.contrib.opt: ScipyOptimizerInterface
    estimator          tf.estimator: ModeKeys, EstimatorSpec, numpy_input_fn
    predictor          tf.contrib.predictor: from_saved_model
    learn              tf.contrib.learn: run_n
"""
