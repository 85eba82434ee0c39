"""Small generative models trained for real on scikit-learn's digits: what the claims audit reads.

    OMP_NUM_THREADS=1 python -m benchmarks.small_training --minutes 8     (again, until all is done)

GAN, VAE and diffusion model of about the same size, trained on the same 8 x 8 pictures for the same
number of updates, over seeds and learning rates; see __main__.py for the runs and metrics.py for
what is measured. Results: benchmarks/results/small_training.json.
"""
